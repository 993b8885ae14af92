import time
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from functions.checks.log_events import handler
from functions.core import container_logs
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from sandbox.patches import logs as cloudwatch_logs
from tests.functions.conftest import RunCheck

GROUP = "/ecs/ganopa-dev-bot-task"
CALLED, OK, ERROR = ('{"event": "openai_%s", "request": 7}' % kind for kind in ("called", "ok", "error"))  # noqa: UP031
Log = Callable[..., None]


@pytest.fixture(autouse=True)
def log(operator: Session) -> Log:
    """Let a container log lines, a second after one another, the first so many minutes ago."""
    cloudwatch_logs.install()
    logs = operator.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="bot")

    def write(*lines: str, minutes_ago: int = 5) -> None:
        moment = int((time.time() - minutes_ago * 60) * 1000)
        events = [{"timestamp": moment + 1000 * n, "message": line} for n, line in enumerate(lines)]
        logs.put_log_events(logGroupName=GROUP, logStreamName="bot", logEvents=events)  # type: ignore[arg-type]

    return write


def look(run_check: RunCheck, **other: object) -> Finding:
    terms = {"called": "openai_called", "ok": "openai_ok", "error": "openai_error"}
    return run_check(handler, **{"log_group": GROUP, "minutes": 60} | terms | other)


def test_healthy(run_check: RunCheck, log: Log) -> None:
    log(CALLED, OK, "INFO something else", CALLED, OK)
    finding = look(run_check)
    assert finding.signals == {"never-called": False, "errors": False, "never-ok": False}
    assert finding.facts == {"called": 2, "ok": 2, "errors": 0, "error": None}
    assert finding.summary == "in the last 60 minutes: 2 openai_called, 2 openai_ok, 0 openai_error"


def test_never_called(run_check: RunCheck, log: Log) -> None:
    log("INFO Reçu: Hello")
    finding = look(run_check)
    assert finding.signals == {"never-called": True, "errors": False, "never-ok": True}
    assert finding.evidence == []


def test_every_call_fails(run_check: RunCheck, log: Log) -> None:
    log(CALLED, ERROR, CALLED, ERROR + ' api_key="sk-0123456789abcdef0123"')
    finding = look(run_check)
    assert finding.signals == {"never-called": False, "errors": True, "never-ok": True}
    assert finding.facts["errors"] == 2
    assert finding.facts["error"].startswith(ERROR)
    assert "sk-0123" not in finding.model_dump_json()


def test_an_error_since_the_last_answer(run_check: RunCheck, log: Log) -> None:
    log(CALLED, OK, CALLED, ERROR)
    assert look(run_check).signals == {"never-called": False, "errors": True, "never-ok": False}


def test_an_error_that_an_answer_came_after_is_past(run_check: RunCheck, log: Log) -> None:
    log(CALLED, ERROR, CALLED, OK)
    assert look(run_check).signals == {"never-called": False, "errors": False, "never-ok": False}


def test_what_is_too_long_ago_is_past(run_check: RunCheck, log: Log) -> None:
    log(CALLED, ERROR, minutes_ago=15)
    assert look(run_check, minutes=10).signals == {"never-called": True, "errors": False, "never-ok": True}


def test_of_many_lines_the_newest_are_read(run_check: RunCheck, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_logs, "MOST_LINES", 3)
    monkeypatch.setattr(cloudwatch_logs, "_PAGE", 3)
    log(*[ERROR] * 5, *[CALLED] * 5, OK)
    finding = look(run_check)
    assert finding.signals == {"never-called": False, "errors": False, "never-ok": False}
    counts = "3+ openai_called, 1 openai_ok, 3+ openai_error"
    assert finding.summary == f"in the last 60 minutes: {counts}; older lines were not all read"


@pytest.mark.parametrize(
    ("unread", "known"),
    [
        ("openai_called", {"errors": True, "never-ok": True}),
        ("openai_ok", {"never-called": False}),
        ("openai_error", {"never-called": False, "never-ok": True}),
    ],
)
def test_what_could_not_be_read_is_unknown(
    run_check: RunCheck, log: Log, monkeypatch: pytest.MonkeyPatch, unread: str, known: dict[str, bool]
) -> None:
    log(CALLED, ERROR)
    newest = container_logs.newest

    def cut(aws: Session, group: str, since: object, pattern: str, share: int) -> container_logs.Log:
        read = newest(aws, group, since, pattern, share)  # type: ignore[arg-type]
        return container_logs.Log([], 0, read.since, more=True, last=None) if unread in pattern else read

    monkeypatch.setattr("functions.checks.log_events.newest", cut)
    assert look(run_check).signals == {"never-called": None, "errors": None, "never-ok": None} | known


def test_no_such_log_group_is_unknown(run_check: RunCheck) -> None:
    with pytest.raises(NotFound, match="there is no log group /ecs/gone in me-central-1"):
        look(run_check, log_group="/ecs/gone")


@pytest.mark.parametrize("term", ["", 'x" "y', "?a", "{ $.x = 1 }"])
def test_only_plain_terms(run_check: RunCheck, term: str) -> None:
    with pytest.raises(ValidationError, match="called"):
        look(run_check, called=term)
