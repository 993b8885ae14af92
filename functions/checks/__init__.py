"""Read-only looks at one thing each. Adding a file here adds a Lambda."""
