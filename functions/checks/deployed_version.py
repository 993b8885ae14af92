"""Which version answers the service's users?"""

from typing import Annotated

from pydantic import StringConstraints

from functions.core import ecs, registry
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fetch import fetch_json
from functions.core.fields import HttpsAddress
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.template import readable

OK = 200


class DeployedVersion(ecs.ServiceParameters):
    """The address that tells the version, and the one expected there: a tag, a commit or its start.

    Where that is "", the commit is expected that the service's image was built from, as its tag in ECR tells.
    """

    url: HttpsAddress
    expected: Annotated[str, StringConstraints(pattern=r"^[\w.-]*$", max_length=128)]
    container: str
    repository: str


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    allow("ecs:DescribeTaskDefinition"),
    allow("ecr:DescribeImages", on=registry.REPOSITORY),
    signals={
        "unreachable": "The service does not tell its version",
        "other-version": "Another version answers than the expected one",
    },
)
def handler(parameters: DeployedVersion, aws: Session) -> Finding:
    """Which version answers the service's users? Source: ganopa-bot runbook 1, Checks CLI 1; runbook 5, Validation."""
    answer, told = fetch_json(parameters.url)
    version = told.get("version") if answer.status == OK else None
    url, expected = parameters.url, parameters.expected or _commit(aws, parameters)
    if not isinstance(version, str):
        seen = answer.error if answer.status is None else say("status {status}", status=answer.status)
        return Finding(
            summary=say("{url} tells no version: {seen}", url=url, seen=seen),
            signals={"unreachable": True},
            facts={"version": None, "build_id": None, "expected": expected},
            evidence=[answer.said],
        )
    wanted, build = readable(expected), told.get("build_id")
    return Finding(
        summary=say("{url} tells version {version}; expected: {wanted}", url=url, version=version, wanted=wanted),
        signals={"unreachable": False, "other-version": not registry.same(version, expected) if expected else None},
        facts={"version": version, "build_id": build if isinstance(build, str) else None, "expected": expected},
    )


def _commit(aws: Session, parameters: DeployedVersion) -> str | None:
    """Return the commit that the service's image was built from; unknown where no tag of it tells."""
    service = ecs.get(aws, parameters)
    image = ecs.container(aws, service, parameters.container)["image"]
    return registry.Repository(aws, service, parameters.repository).commit(image)
