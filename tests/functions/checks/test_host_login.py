import pytest
from pydantic import ValidationError

from functions.checks.host_login import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import ON, Systems

GIVEN = {**ON, "endpoint": "3000/api/v1/users/auth/login", "secret": "harena/login", "accept": "200", "seconds": 5}
FINE = {"login-fails": False, "login-unreachable": False, "login-slow": False}


def test_works(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_login": "status=200 seconds=0.31\n"}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE
    assert finding.summary == "the log-in at 3000/api/v1/users/auth/login answers 200 after 0.31 s"
    assert finding.facts == {"status": 200, "seconds": 0.31}
    sent = systems.called("SendCommand")[0]["Parameters"]
    assert sent == {"endpoint": [GIVEN["endpoint"]], "secret": ["harena/login"]}


@pytest.mark.parametrize(
    ("said", "signals"),
    [
        ("status=401 seconds=0.1", {"login-fails": True}),
        ("status=000 seconds=0.0", {"login-fails": True, "login-unreachable": True}),
        ("status=200 seconds=6.2", {"login-slow": True}),
    ],
)
def test_does_not_work(run_check: RunCheck, systems: Systems, said: str, signals: dict[str, bool]) -> None:
    systems.said = {"look_login": f"{said}\n"}
    assert own(run_check(handler, **GIVEN).signals) == FINE | signals


def test_a_secret_that_cannot_be_read_is_no_failed_login(run_check: RunCheck, systems: Systems) -> None:
    systems.fails(254, "An error occurred (AccessDeniedException) when calling the GetSecretValue operation")
    finding = run_check(handler, **GIVEN)
    assert finding.signals["failed"] is True
    assert finding.signals["login-fails"] is None


def test_no_answer_is_an_error(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_login": ""}
    with pytest.raises(KeyError):
        run_check(handler, **GIVEN)


@pytest.mark.parametrize("wrong", [{"secret": "--x"}, {"secret": "a b"}, {"secret": ""}, {"endpoint": "x"}])
def test_parameters(run_check: RunCheck, systems: Systems, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, **(GIVEN | wrong))
    assert systems.calls == []


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_login": "status=200 seconds=0.31\n"}
    tells_every_trouble(run_check, systems, handler, **GIVEN)
