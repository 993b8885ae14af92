"""IAM permissions, declared beside the code that needs them."""

from typing import NamedTuple

READING = ("Describe", "Get", "List", "Filter", "BatchGet")


class Permission(NamedTuple):
    """IAM actions on one resource.

    `on` is an ARN in which braces name a field or property of the function's own parameters, or `account` and `region`;
    `*` stands where the API knows no resources.
    """

    actions: tuple[str, ...]
    on: str = "*"

    @property
    def reads(self) -> bool:
        """Say whether none of the actions can change anything."""
        return all(action.partition(":")[2].startswith(READING) for action in self.actions)


def allow(*actions: str, on: str = "*") -> Permission:
    """Declare that a function may call these IAM actions on this resource."""
    return Permission(actions, on)
