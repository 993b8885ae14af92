import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from moto.ecs.models import Service
from pydantic import ValidationError

from functions.checks.startup_errors import handler
from functions.core import container_logs
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from sandbox.patches import logs as cloudwatch_logs
from tests.functions.conftest import OF_SERVICE, RunCheck

GROUP = "/ecs/ganopa-dev-bot-task"
KEY_ERROR = """Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    token = os.environ["TELEGRAM_BOT_TOKEN"]
  File "<frozen os>", line 679, in __getitem__
KeyError: 'TELEGRAM_BOT_TOKEN'"""
SETTINGS = """Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings
TELEGRAM_BOT_TOKEN
  Field required [type=missing, input_value={'OPENAI_API_KEY': 'sk-0123456789abcdef0123'}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.14/v/missing
database_url
  Field required [type=missing, input_value={}, input_type=dict]"""
CRASH = """Starting
Traceback (most recent call last):
  File "/app/main.py", line 7, in <module>
    import agent
ModuleNotFoundError: No module named 'agent'"""

Log = Callable[..., None]


@pytest.fixture(autouse=True)
def deployed(service: Service) -> Service:
    """A service deployed half an hour ago."""
    service.deployments[0]["createdAt"] = datetime.now(UTC) - timedelta(minutes=30)
    return service


@pytest.fixture
def log(operator: Session) -> Log:
    """Let a container log a text, one event a line, so many minutes ago; as on AWS, containers' lines mix."""
    cloudwatch_logs.install()
    logs = operator.client("logs")
    logs.create_log_group(logGroupName=GROUP)

    def write(text: str, minutes_ago: int = 1, task: str = "1", *, whole: bool = False) -> None:
        stream = f"ganopa/ganopa-bot/{task}"
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        moment = int((time.time() - minutes_ago * 60) * 1000)
        lines = [text] if whole else text.splitlines()
        events = [{"timestamp": moment + n, "message": line} for n, line in enumerate(lines)]
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]

    return write


def look(run_check: RunCheck, minutes: int = 60, log_group: str = GROUP) -> Finding:
    return run_check(handler, **OF_SERVICE, log_group=log_group, minutes=minutes)


def test_healthy(run_check: RunCheck, log: Log) -> None:
    log("INFO:     Started server process [1]\nINFO:     Uvicorn running on http://0.0.0.0:8000\n0 errors")
    finding = look(run_check)
    assert finding.signals == {"errors": False, "missing-variable": False}
    assert finding.facts == {"error": None, "variables": []}


@pytest.mark.parametrize("whole", [True, False])
def test_missing_variable(run_check: RunCheck, log: Log, *, whole: bool) -> None:
    log(KEY_ERROR, whole=whole)
    finding = look(run_check)
    assert finding.signals == {"errors": True, "missing-variable": True}
    assert finding.facts == {"error": "KeyError: 'TELEGRAM_BOT_TOKEN'", "variables": ["TELEGRAM_BOT_TOKEN"]}


def test_missing_settings_are_named_and_no_value_is(run_check: RunCheck, log: Log) -> None:
    log(SETTINGS)
    finding = look(run_check)
    assert finding.signals["missing-variable"]
    assert finding.facts["variables"] == ["TELEGRAM_BOT_TOKEN", "database_url"]
    assert "sk-0123" not in finding.model_dump_json()


def test_another_error(run_check: RunCheck, log: Log) -> None:
    log(CRASH)
    finding = look(run_check)
    assert finding.signals == {"errors": True, "missing-variable": False}
    assert finding.facts["error"] == "ModuleNotFoundError: No module named 'agent'"
    assert finding.evidence == ["ModuleNotFoundError: No module named 'agent'"]


@pytest.mark.parametrize(
    "line",
    [
        "ERROR:    [Errno 98] address already in use",
        '{"level": "error", "message": "cannot bind"}',
        "panic: runtime error: index out of range",
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
    ],
)
def test_errors_of_other_kinds(run_check: RunCheck, log: Log, line: str) -> None:
    log(line)
    finding = look(run_check)
    assert finding.signals["errors"]
    assert finding.facts["error"] == line


@pytest.mark.parametrize(
    "text",
    [
        KEY_ERROR.replace("'TELEGRAM_BOT_TOKEN'", "'message'"),
        SETTINGS.replace("for Settings", "for Update"),
        "INFO: KeyError: 'TELEGRAM_BOT_TOKEN' was handled",
    ],
)
def test_a_key_or_field_of_a_message_is_no_variable(run_check: RunCheck, log: Log, text: str) -> None:
    log(text)
    assert look(run_check).signals["missing-variable"] is False


def test_lines_of_several_containers_are_kept_apart(run_check: RunCheck, log: Log) -> None:
    log(KEY_ERROR, task="1")
    log(KEY_ERROR, task="2")
    assert look(run_check).facts["error"] == "KeyError: 'TELEGRAM_BOT_TOKEN'"


def test_what_was_before_the_deployment_is_past(run_check: RunCheck, log: Log) -> None:
    log(KEY_ERROR, minutes_ago=45)
    assert look(run_check).signals == {"errors": False, "missing-variable": False}


def test_what_is_too_long_ago_is_past(run_check: RunCheck, log: Log) -> None:
    log(KEY_ERROR, minutes_ago=15)
    assert look(run_check, minutes=10).signals == {"errors": False, "missing-variable": False}


def test_unknown_where_there_is_more_than_was_read(
    run_check: RunCheck, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "MOST_LINES", 3)
    monkeypatch.setattr(cloudwatch_logs, "_PAGE", 3)
    log("ERROR one\ntwo\nthree\nfour")
    assert look(run_check).signals == {"errors": None, "missing-variable": None}


def test_a_flood_of_errors_is_told_in_short(run_check: RunCheck, log: Log) -> None:
    log("\n".join(f"ERROR {n} {'x' * 1000}" for n in range(500)))
    assert len(look(run_check).model_dump_json()) < 10_000


def test_no_such_log_group_is_unknown(run_check: RunCheck) -> None:
    with pytest.raises(NotFound, match="there is no log group /ecs/gone in me-central-1"):
        look(run_check, log_group="/ecs/gone")


def test_no_current_deployment_is_unknown(run_check: RunCheck, log: Log, deployed: Service) -> None:
    log(KEY_ERROR)
    deployed.status, deployed.deployments = "INACTIVE", []
    with pytest.raises(NotFound, match="no current deployment of the INACTIVE ECS service"):
        look(run_check)


def test_minutes_are_bounded(run_check: RunCheck) -> None:
    with pytest.raises(ValidationError, match="minutes"):
        look(run_check, minutes=0)
