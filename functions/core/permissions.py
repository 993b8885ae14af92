"""IAM permissions, declared beside the code that needs them."""

import re
from typing import NamedTuple

READING = ("Describe", "Get", "List", "Filter", "BatchGet")
# IAM knows no resource of it: who ends a command has to know its id, and so has sent it
ENDING = {"ssm:CancelCommand"}
SENDING = "ssm:SendCommand"
DOCUMENT = re.compile(r"arn:aws:ssm:\{region\}:\{account\}:document/\{stack\}-((?:look|do)(?:-[a-z]+)+)")
# Which of the two there is, an instance's id tells; alone, without a document, neither allows anything
INSTANCES = (
    "arn:aws:ec2:{region}:{account}:instance/{instance}",
    "arn:aws:ssm:{region}:{account}:managed-instance/{instance}",
)


class Permission(NamedTuple):
    """IAM actions on one resource.

    `on` is an ARN in which braces name a field or property of the function's own parameters, or `account`, `region` and
    `stack`, which is called as the service is; `*` stands where the API knows no resources.
    """

    actions: tuple[str, ...]
    on: str = "*"

    @property
    def reads(self) -> bool:
        """Say whether none of the actions can change anything."""
        return all(self._reads(action) for action in self.actions)

    def _reads(self, action: str) -> bool:
        if action == SENDING:
            return self.on in INSTANCES or self.document.startswith("look_")
        return action in ENDING or action.partition(":")[2].startswith(READING)

    @property
    def document(self) -> str:
        """The SSM document that it is on, by its file's name; empty where it is on something else."""
        found = DOCUMENT.fullmatch(self.on)
        return found[1].replace("-", "_") if found else ""


def allow(*actions: str, on: str = "*") -> Permission:
    """Declare that a function may call these IAM actions on this resource."""
    return Permission(actions, on)
