"""What HTTP on a host answered, as scripts there write it: `endpoint=3000/health status=200 seconds=0.012`."""

import re
from typing import NamedTuple

ANSWER = re.compile(r"^(?:endpoint=(\S+) )?status=(\d{3}) seconds=([0-9.]+)$", re.MULTILINE)


class Answer(NamedTuple):
    """An endpoint's status, None where it gave no answer at all, and how long that took."""

    endpoint: str
    status: int | None
    seconds: float


def answers(output: str) -> dict[str, Answer]:
    """Read the answers, by endpoint; that of the only one is called ""."""
    read = (
        Answer(endpoint, int(status) or None, float(seconds)) for endpoint, status, seconds in ANSWER.findall(output)
    )
    return {one.endpoint: one for one in read}
