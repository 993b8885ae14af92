"""What an engineer runs from a terminal, with AWS credentials of their own."""
