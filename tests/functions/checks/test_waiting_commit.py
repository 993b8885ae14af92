import pytest
from pydantic import ValidationError

from functions.checks.waiting_commit import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import ON, Systems

HERE, TIP = "3f9c1b7a2d4e5f60718293a4b5c6d7e8f9012345", "0f9c1b7a2d4e5f60718293a4b5c6d7e8f9012345"
GIVEN = {**ON, "directory": "/home/ec2-user/harena", "branch": "main", "wanted": ""}
FINE = dict.fromkeys(["behind", "ahead", "other-commit"], False)


def said(tip: str = TIP, ahead: str = "no") -> dict[str, str]:
    """Write what look_branch says."""
    return {"look_branch": f"commit={HERE}\ntip={tip}\nahead={ahead}\n"}


@pytest.mark.parametrize("wanted", ["", TIP, TIP[:7]])
def test_a_commit_waits(run_check: RunCheck, systems: Systems, wanted: str) -> None:
    systems.said = said()
    finding = run_check(handler, **(GIVEN | {"wanted": wanted}))
    assert own(finding.signals) == FINE | {"behind": True}
    assert finding.facts == {"commit": HERE, "tip": TIP}
    assert finding.summary == "main is at commit 0f9c1b7a2d4e, the host at 3f9c1b7a2d4e"


def test_nothing_waits(run_check: RunCheck, systems: Systems) -> None:
    systems.said = said(tip=HERE)
    assert own(run_check(handler, **GIVEN).signals) == FINE


def test_what_the_host_alone_has_is_not_to_be_deployed_over(run_check: RunCheck, systems: Systems) -> None:
    systems.said = said(ahead="yes")
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"ahead": True}


def test_another_commit_was_asked_for(run_check: RunCheck, systems: Systems) -> None:
    systems.said = said()
    finding = run_check(handler, **(GIVEN | {"wanted": HERE[:7]}))
    assert own(finding.signals) == FINE | {"behind": True, "other-commit": True}


@pytest.mark.parametrize(
    "wrong", [{"wanted": "main"}, {"wanted": "0123"}, {"branch": "-x"}, {"branch": "a..b"}, {"branch": ""}]
)
def test_parameters(run_check: RunCheck, systems: Systems, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, **(GIVEN | wrong))
    assert systems.calls == []


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = said()
    tells_every_trouble(run_check, systems, handler, **GIVEN)
