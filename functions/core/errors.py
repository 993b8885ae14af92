"""What a function says when the world is not as the service's file describes it."""

from functions.core.aws import Session
from functions.core.language import say


class NotFound(Exception):
    """A resource that the service's file names does not exist: nothing can be said or done about it."""

    def __init__(self, missing: str, aws: Session) -> None:
        """Say what is missing, as in "there is no target group tg-1", where, and what to do."""
        sentence = say(
            "{missing} in {region}: correct its name or the region in the service's file, or create it",
            missing=missing,
            region=aws.region_name,
        )
        super().__init__(sentence)


class Refused(Exception):
    """What is asked for would change more than that, or something else: a person has to look."""
