"""Changes of one thing each. Adding a file here adds a Lambda."""
