"""Which version answers the service's users?"""

import re
from typing import Annotated

from pydantic import StringConstraints

from functions.core.aws import Session
from functions.core.check import check
from functions.core.fetch import fetch_json
from functions.core.fields import HttpsAddress
from functions.core.language import say
from functions.core.results import Finding, Parameters
from functions.core.template import readable

ABBREVIATED = re.compile(r"[0-9a-f]{7,39}")
OK = 200


class DeployedVersion(Parameters):
    """The address that tells the version, and the one expected there: a tag, a commit or its start; "" if unknown."""

    url: HttpsAddress
    expected: Annotated[str, StringConstraints(pattern=r"^[\w.-]*$", max_length=128)]


@check(
    signals={
        "unreachable": "The service does not tell its version",
        "other-version": "Another version answers than the expected one",
    }
)
def handler(parameters: DeployedVersion, _aws: Session) -> Finding:
    """Which version answers the service's users? Source: ganopa-bot runbook 1, Checks CLI 1; runbook 5, Validation."""
    answer, told = fetch_json(parameters.url)
    version = told.get("version") if answer.status == OK else None
    url, expected = parameters.url, parameters.expected
    if not isinstance(version, str):
        seen = answer.error if answer.status is None else say("status {status}", status=answer.status)
        return Finding(
            summary=say("{url} tells no version: {seen}", url=url, seen=seen),
            signals={"unreachable": True},
            facts={"version": None, "build_id": None, "expected": expected},
            evidence=[answer.said],
        )
    wanted = readable(expected or None)
    return Finding(
        summary=say("{url} tells version {version}; expected: {wanted}", url=url, version=version, wanted=wanted),
        signals={"unreachable": False, "other-version": not _same(version, expected) if expected else None},
        facts={"version": version, "build_id": told.get("build_id"), "expected": expected},
    )


def _same(version: str, expected: str) -> bool:
    return version == expected or bool(ABBREVIATED.fullmatch(expected) and version.startswith(expected))
