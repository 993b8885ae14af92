"""What all parts of the crowd share: its size, the names in it, and how AWS pages and refuses."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

ACCOUNT, REGION = "123456789012", "me-central-1"
CLUSTER, SERVICE = "cluster", "bot"
LOAD_BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/bot/50dc6c495c0c9188"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/bot/50dc6c495c0c9188"
MINUTES = 30  # since the deployment

Json = dict[str, Any]


class Size(NamedTuple):
    """How much there is of everything that a check may read."""

    targets: int = 2
    tasks: int = 2  # that have stopped
    running: int = 2  # tasks
    lines: int = 100
    images: int = 10
    rules: int = 2
    events: int = 2
    ports: int = 1
    variables: int = 2
    routes: int = 2
    certificates: int = 20
    attached: int = 1  # certificates
    records: int = 10
    fields: int = 2


class Refused(Exception):
    """AWS would refuse this call."""


class Service:
    """A service of some size, which was deployed some minutes ago."""

    def __init__(self, size: Size) -> None:
        """Make it."""
        self.size = size
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.deployed = self.now - timedelta(minutes=MINUTES)


def within(what: str, count: int, most: int) -> None:
    """Refuse what is more than AWS takes.

    Raises:
        Refused: where it is.
    """
    if count > most:
        raise Refused(f"{what}: {count} is more than {most}")


def page(name: str, items: Sequence[Any], most: int, asked: Json) -> Json:
    """Give the page that a token names."""
    start = int(asked.get("nextToken", 0))
    rest = {"nextToken": str(start + most)} if start + most < len(items) else {}
    return {name: items[start : start + most], **rest}


def marked(name: str, items: Sequence[Any], most: int, asked: Json) -> Json:
    """Give the page that a marker names."""
    given = page(name, items, most, {"nextToken": asked.get("Marker", 0)})
    return given | {"NextMarker": given.pop("nextToken", None)}
