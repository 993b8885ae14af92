"""AWS on this machine: the real template, state machine engine and Lambda runtime, over a simulated system."""
