"""How much faster than AWS the sandbox's clocks run."""

SPEED = 60


def sandbox_seconds(aws_seconds: float) -> float:
    """Convert a duration on AWS (health check interval, alarm period, Wait state) to the sandbox's, in seconds."""
    return aws_seconds / SPEED
