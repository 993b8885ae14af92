import re
import time
from typing import Any

import pytest
from pydantic import ValidationError

from functions.core import hosts
from functions.core.aws import Session
from functions.core.check import Check
from functions.core.hosts import HostTrouble, OnHost, host_check
from functions.core.results import CommandFailed, Finding
from tests.functions.hosts import COMMAND, INSTANCE, Systems

HOST = OnHost(instance=INSTANCE)
UNTIL_DONE: list[dict[str, Any]] = [
    {"Error": {"Code": "InvocationDoesNotExist", "Message": ""}},
    {"Status": "Pending"},
    {"Status": "Delayed"},
    {"Status": "InProgress"},
    {"Status": "Success", "ResponseCode": 0},
]
TROUBLES = {"offline", "agent-silent", "refused", "truncated", "failed", "docker-silent", "too-slow"}


@pytest.fixture
def aws(operator: Session) -> Session:
    """A session of which nobody records the calls."""
    return operator


def kind(aws: Session, service: str = "redis") -> str:
    """Run into trouble, and return its kind."""
    with pytest.raises(HostTrouble) as raised:
        hosts.run(aws, INSTANCE, "look_memory", service=service)
    assert INSTANCE in str(raised.value)
    return raised.value.kind


def test_a_command_is_sent_once_and_awaited(systems: Systems, aws: Session) -> None:
    systems.said, systems.statuses = {"look_containers": "out\n"}, list(UNTIL_DONE)
    systems.error = "warning"
    ran = hosts.run(aws, INSTANCE, "look_containers", seconds=5, directory="/srv", file="compose.yml")
    assert ran == ("out\n", "warning")
    assert systems.called("SendCommand") == [
        {
            "DocumentName": "harena-look-containers",
            "InstanceIds": [INSTANCE],
            "Parameters": {"directory": ["/srv"], "file": ["compose.yml"]},
            "TimeoutSeconds": 30,
        }
    ]
    assert systems.called("GetCommandInvocation") == [{"CommandId": COMMAND, "InstanceId": INSTANCE}] * 5
    assert systems.called("CancelCommand") == []


@pytest.mark.parametrize("ping", [None, "ConnectionLost", "Inactive"])
def test_offline(systems: Systems, aws: Session, ping: str | None) -> None:
    systems.ping = ping
    assert kind(aws) == "offline"
    assert systems.called("SendCommand") == []
    looked = systems.called("DescribeInstanceInformation")
    assert looked == [{"Filters": [{"Key": "InstanceIds", "Values": [INSTANCE]}]}]


@pytest.mark.parametrize("operation", ["SendCommand", "DescribeInstanceInformation"])
def test_unknown_to_systems_manager(systems: Systems, aws: Session, operation: str) -> None:
    systems.errors = {operation: ("InvalidInstanceId", "Instances not in a valid state")}
    assert kind(aws) == "offline"


@pytest.mark.parametrize("operation", ["SendCommand", "DescribeInstanceInformation", "GetCommandInvocation"])
@pytest.mark.parametrize("code", ["InvalidDocument", "InvalidParameters", "AccessDeniedException"])
def test_refused(systems: Systems, aws: Session, operation: str, code: str) -> None:
    systems.errors = {operation: (code, "because")}
    with pytest.raises(HostTrouble, match=f"refuses the command: {code} because") as raised:
        hosts.run(aws, INSTANCE, "look_memory")
    assert raised.value.kind == "refused"


@pytest.mark.parametrize("value", ["a\n", "a\nb", "\0", "a\u2028", "\x1b[0m"])
def test_what_no_terminal_shows_is_not_even_sent(systems: Systems, aws: Session, value: str) -> None:
    assert kind(aws, service=value) == "refused"
    assert systems.calls == []


def test_other_errors_are_for_the_state_machine_to_retry(systems: Systems, aws: Session) -> None:
    systems.errors = {"SendCommand": ("InternalServerError", "")}
    with pytest.raises(aws.client("ssm").exceptions.InternalServerError):
        hosts.run(aws, INSTANCE, "look_memory")


@pytest.mark.parametrize(("status", "expected"), [("Pending", "agent-silent"), ("Delayed", "agent-silent")])
def test_not_picked_up(systems: Systems, aws: Session, status: str, expected: str) -> None:
    systems.stays(status)
    assert kind(aws) == expected
    assert systems.called("CancelCommand") == [{"CommandId": COMMAND, "InstanceIds": [INSTANCE]}]


def test_too_slow_is_cancelled(systems: Systems, aws: Session) -> None:
    systems.stays("InProgress")
    assert kind(aws) == "too-slow"
    assert systems.called("CancelCommand") == [{"CommandId": COMMAND, "InstanceIds": [INSTANCE]}]


def test_polling_is_bounded(systems: Systems, aws: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked less and less often, and not once the time is over."""
    slept: list[float] = []
    now = [1000.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(hosts, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(hosts, "LONGEST_PAUSE", 2.0)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    systems.stays("InProgress")
    with pytest.raises(HostTrouble):
        hosts.run(aws, INSTANCE, "look_memory", seconds=14)
    assert slept[:4] == pytest.approx([0.2, 0.3, 0.45, 0.675])
    assert max(slept) == 2.0
    assert 11 < sum(slept) < 14
    assert len(systems.called("GetCommandInvocation")) == len(slept) + 1


def test_a_check_has_time_left_to_cancel() -> None:
    assert hosts.SECONDS + hosts.LONGEST_PAUSE <= 18


@pytest.mark.parametrize(
    ("status", "details", "expected"),
    [
        ("TimedOut", "DeliveryTimedOut", "agent-silent"),
        ("TimedOut", "Delivery Timed Out", "agent-silent"),
        ("TimedOut", "ExecutionTimedOut", "too-slow"),
        ("Cancelled", "Cancelled", "too-slow"),
        ("Failed", "Undeliverable", "offline"),
        ("Failed", "AccessDenied", "refused"),
        ("Failed", "Failed", "failed"),
    ],
)
def test_ended_otherwise(systems: Systems, aws: Session, status: str, details: str, expected: str) -> None:
    systems.statuses = [{"Status": status, "StatusDetails": details, "ResponseCode": 1}]
    assert kind(aws) == expected
    assert systems.called("CancelCommand") == []


def test_failed_says_the_last_lines_of_its_errors(systems: Systems, aws: Session) -> None:
    systems.fails(17, "one\ntwo\nthree\nno such service: x\n\n")
    with pytest.raises(HostTrouble, match="with an error: no such service: x") as raised:
        hosts.run(aws, INSTANCE, "look_memory")
    assert raised.value.kind == "failed"
    assert raised.value.lines == ["two", "three", "no such service: x"]


def test_failed_without_a_word_says_its_exit_code(systems: Systems, aws: Session) -> None:
    systems.fails(17)
    with pytest.raises(HostTrouble, match="exit code 17"):
        hosts.run(aws, INSTANCE, "look_memory")


def test_docker_silent(systems: Systems, aws: Session) -> None:
    systems.fails(69, "docker does not answer")
    assert kind(aws) == "docker-silent"


@pytest.mark.parametrize(
    "said", ["x" * 24_000, "x" * 2_500 + "\n---Output truncated---", "x\n---Output truncated---\n"]
)
def test_truncated(systems: Systems, aws: Session, said: str) -> None:
    systems.said = {"look_memory": said}
    assert kind(aws) == "truncated"


def test_whole(systems: Systems, aws: Session) -> None:
    systems.said = {"look_memory": "x" * 23_999}
    assert hosts.run(aws, INSTANCE, "look_memory").output == "x" * 23_999


def test_what_takes_long_is_started_and_looked_at(systems: Systems, aws: Session) -> None:
    systems.said, systems.statuses = {"do_rebuild": "built"}, UNTIL_DONE[3:]
    command = hosts.start(aws, INSTANCE, "do_rebuild", service="redis")
    assert command == COMMAND
    assert systems.called("GetCommandInvocation") == []
    assert [hosts.follow(command, HOST, aws) for _ in range(2)] == [False, True]


def test_what_was_started_and_failed_is_told_from_what_cannot_be_seen(systems: Systems, aws: Session) -> None:
    systems.fails(1, "no space left on device")
    with pytest.raises(CommandFailed, match="no space left"):
        hosts.follow(COMMAND, HOST, aws)
    systems.errors = {"GetCommandInvocation": ("AccessDeniedException", "not you")}
    with pytest.raises(HostTrouble, match="not you"):
        hosts.follow(COMMAND, HOST, aws)


def test_permissions_are_on_that_document_and_that_instance() -> None:
    declared = hosts.permissions("look_memory", "look_containers")
    assert {(action, one.on) for one in declared for action in one.actions} == {
        ("ssm:DescribeInstanceInformation", "*"),
        ("ssm:GetCommandInvocation", "*"),
        ("ssm:CancelCommand", "*"),
        ("ssm:SendCommand", "arn:aws:ssm:{region}:{account}:document/{stack}-look-memory"),
        ("ssm:SendCommand", "arn:aws:ssm:{region}:{account}:document/{stack}-look-containers"),
        ("ssm:SendCommand", "arn:aws:ec2:{region}:{account}:instance/{instance}"),
        ("ssm:SendCommand", "arn:aws:ssm:{region}:{account}:managed-instance/{instance}"),
    }
    assert all(one.reads for one in declared)


def looking(finding: Finding) -> Check:
    """Make a check that looks at memory."""

    @host_check("look_memory", signals={"dark": "It is dark", "cold": "It is cold"})
    def handler(parameters: OnHost, aws: Session) -> Finding:
        """Is it comfortable on the host?"""
        hosts.run(aws, parameters.instance, "look_memory")
        return finding

    return handler


@pytest.fixture
def ask(systems: Systems, aws: Session, monkeypatch: pytest.MonkeyPatch) -> Check:  # noqa: ARG001
    """The check, as Lambda calls it."""
    handler = looking(Finding(summary="dark", signals={"dark": True}))
    monkeypatch.setattr(handler, "session", aws)
    return handler


def test_a_check_that_worked_had_no_trouble(ask: Check) -> None:
    answer = ask({"parameters": {"instance": INSTANCE}})
    assert answer["signals"] == {"dark": True, "cold": None} | dict.fromkeys(TROUBLES, False)
    assert answer["summary"] == "dark"


def test_a_check_in_trouble_knows_nothing_else(ask: Check, systems: Systems) -> None:
    systems.fails(17, "password=hunter22 is wrong")
    answer = ask({"parameters": {"instance": INSTANCE}})
    assert answer["signals"] == dict.fromkeys(["dark", "cold", *TROUBLES]) | {"failed": True}
    assert answer["evidence"] == ["password=[redacted] is wrong"]


def test_what_deploying_needs_to_know() -> None:
    handler = looking(Finding(summary=""))
    assert handler.name == "test_hosts"
    assert handler.description == "Is it comfortable on the host?"
    assert handler.parameters is OnHost
    assert handler.signals.keys() == {"dark", "cold", *TROUBLES}
    assert all(sentence[0].isupper() and not sentence.endswith(".") for sentence in handler.signals.values())


def test_a_check_cannot_run_what_changes_anything() -> None:
    with pytest.raises(ValueError, match=r"a check may only read, but declares \[\('ssm:SendCommand',\)\]"):

        @host_check("do_restart", signals={})
        def handler(_: OnHost, __: Session) -> Finding:
            return Finding(summary="")


@pytest.mark.parametrize("instance", ["i-0011b978", "i-0011b978b7cea66dc", "mi-0011b978b7cea66dc"])
def test_instances(instance: str) -> None:
    assert OnHost(instance=instance).instance == instance


@pytest.mark.parametrize(
    "instance",
    [
        "",
        "i-",
        "i-0011b978b7",
        "mi-0011b978",
        "i-0011B978",
        "i-0011b978\n",
        "*",
        "i-*",
        "i-0011b978,i-0011b979",
        "x" * 99,
    ],
)
def test_no_instances(instance: str) -> None:
    with pytest.raises(ValidationError, match="instance"):
        OnHost(instance=instance)


def test_kinds_are_the_signals() -> None:
    assert looking(Finding(summary="")).signals.keys() >= TROUBLES
    assert all(re.fullmatch(r"[a-z-]+", name) for name in TROUBLES)
