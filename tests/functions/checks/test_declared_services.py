import pytest

from functions.checks.declared_services import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

DECLARED = "service=user_service\nimage=harena-user\nservice=redis\nimage=redis:7\n"


@pytest.mark.parametrize(
    ("services", "declared"), [(["redis"], True), (["redis", "user_service"], True), (["redis", "rediss"], False)]
)
def test_services(run_check: RunCheck, systems: Systems, services: list[str], declared: bool) -> None:  # noqa: FBT001
    systems.said = {"look_compose": DECLARED}
    finding = run_check(handler, **OF, services=services)
    assert own(finding.signals) == {"declared": declared, "undeclared": not declared}
    assert finding.facts == {"services": ["redis", "user_service"]}
    assert finding.summary == "services in docker-compose.prod.yml: redis, user_service"


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_compose": DECLARED}
    tells_every_trouble(run_check, systems, handler, **OF, services=["redis"])
