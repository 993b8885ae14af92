"""What a function says when the world is not as the service's file describes it."""

from functions.core.aws import Session


class NotFound(Exception):
    """A resource that the service's file names does not exist: nothing can be said or done about it."""

    def __init__(self, kind: str, name: str, aws: Session) -> None:
        """Say what is missing, where, and what to do."""
        place = f"there is no {kind} {name} in {aws.region_name}"
        super().__init__(f"{place}: correct its name or the region in the service's file, or create it")
