import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from functions.core import catalogue
from statemachines import load
from statemachines.load import FileError
from statemachines.model import DAYS

RUNBOOK = """\
title: The port is closed
source: nowhere
symptoms: []
checks:
  firewall:
    check: security_group_port
    with: {security_group: "{group}", port: "{port}", source: "{balancer}"}
causes:
  - name: closed
    title: The security group is closed
    confirmed_by: [firewall.port-closed]
    fix:
      - fix: open_security_group_port
        with: {security_group: "{group}", port: "{port}", source: "{balancer}"}
        before: rules for {firewall.rules}
        after: open to {balancer}
  - name: other
    title: Something else
    confirmed_by: [firewall.port-closed]
    ruled_out_by: []
    manual: Look at {group}.
validation:
  signals: [firewall.port-closed]
  every: 15
  attempts: 20
"""
SERVICE = """\
name: shop
title: The shop
account: "123456789012"
region: me-central-1
approvers:
  amel@example.com: {principals: ["arn:aws:iam::123456789012:user/amel"]}
  karim@example.com: {}
approval:
  levels:
    - {name: L1, approvers: [amel@example.com, karim@example.com], minutes: 30}
resources:
  group: sg-1
  balancer: sg-2
  port: 8000
runbooks:
  port:
    alarms:
      - kind: unhealthy-hosts
    overrides:
      group: ^sg-[0-9a-f]+$
"""
USER, PRINCIPALS = "arn:aws:iam::123456789012:user/amel", "approvers.amel@example.com.principals"
LEVEL = "    - {name: L1, approvers: [amel@example.com, karim@example.com], minutes: 30}"
Files = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Write a service's file beside the runbook's; return the service's."""

    def write(runbook: str = RUNBOOK, service: str = SERVICE) -> Path:
        (tmp_path / "runbooks").mkdir(exist_ok=True)
        (tmp_path / "runbooks" / "port.yaml").write_text(runbook, encoding="utf-8")
        (tmp_path / "shop.yaml").write_text(service, encoding="utf-8")
        return tmp_path / "shop.yaml"

    return write


def edited(text: str, old: str, new: str) -> tuple[str, int]:
    """Make one mistake; return the text and the mistake's line: where the new text has a ¶, else where it begins."""
    assert text.count(old) == 1
    marked = text.replace(old, new if "¶" in new else f"¶{new}")
    return marked.replace("¶", ""), marked[: marked.index("¶")].count("\n") + 1


def test_the_project_loads() -> None:
    assert "webhook_unavailable" in load.runbooks()
    assert all(service.runbooks.keys() <= load.runbooks().keys() for service in load.services().values())


def test_both_files_as_they_should_be(files: Files) -> None:
    loaded = load.service(files(RUNBOOK, SERVICE), files(RUNBOOK, SERVICE).parent / "runbooks")
    runbook = load.runbook(files(RUNBOOK, SERVICE).parent / "runbooks" / "port.yaml")
    assert loaded.alarms == {"shop-unhealthy-hosts": "port"}
    assert (runbook.name, runbook.resources) == ("port", {"group", "port", "balancer"})


CHECKS = ", ".join(catalogue.checks())
FIXES = ", ".join(catalogue.fixes())
SIGNAL = "there is no signal {}; there are {}"
TITLE = "title: The shop"
PORTS = "open_security_group_port"
MORNING, EVENING = '"2026-12-24T06:00:00+04:00"', '"2026-12-24T18:00:00+04:00"'
ITEM = "  attempts: 20\nchecklist:\n  - title: x\n    value: y\n    "
USE = 'with: {security_group: "{group}", port: "{port}", source: "{balancer}"}\ncauses'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("symptoms: []", "symptoms: []\n¶symptom: x", "symptom: Extra inputs are not permitted (given: 'x')"),
        ("title: The port is closed\n", "", "title: Field required"),
        (
            "  attempts: 20\n",
            f"{ITEM}normal: z\n    ¶alert: [firewall.open]\n",
            "checklist.0.alert.0: there is no signal firewall.open; there are port-closed",
        ),
        (
            "  attempts: 20\n",
            f"{ITEM}alert: [firewall.port-closed]\n    ¶normal: under {{firewall.most}}\n",
            "checklist.0.normal: {firewall.most} is no parameter that firewall is given; there are security_group,",
        ),
        (
            "  attempts: 20\n",
            f"{ITEM}alert: [firewall.port-closed]\n    ¶normal: under {{door.most}}\n",
            "checklist.0.normal: {door.most} names no check; there are firewall",
        ),
        ("other\n    title: ", "¶other\n    headline: ", "causes.1.title: Field required"),
        (
            "check: security_group_port",
            "check: ports",
            f"checks.firewall.check: there is no check ports; there are {CHECKS}",
        ),
        (
            "fix: open_security",
            "fix: shut_security",
            f"causes.0.fix.0.fix: there is no fix shut_security_group_port; there are {FIXES}",
        ),
        (
            USE,
            USE.replace("source:", "sources: x, source:"),
            "checks.firewall.with.sources: security_group_port has no such parameter; it has security_group, port",
        ),
        (USE, USE.replace(', source: "{balancer}"', ""), "checks.firewall.with: security_group_port also needs source"),
        (
            USE,
            USE.replace("{port}", "{firewall.port}"),
            "checks.firewall.with.port: {firewall.port} is a fact; a check's parameters are resources only",
        ),
        (
            "signals: [firewall.port-closed]",
            "signals: [firewall.closed]",
            "validation.signals.0: " + SIGNAL.format("firewall.closed", "port-closed"),
        ),
        (
            "ruled_out_by: []",
            "ruled_out_by: [gate.open]",
            "causes.1.ruled_out_by.0: " + SIGNAL.format("gate.open", "checks firewall"),
        ),
        (
            "        after: open to {balancer}\n",
            "        after: open to {balancer}\n    awaits: {every: 60, hours: 1, signals: [¶gate.open]}\n",
            "causes.0.awaits.signals.0: " + SIGNAL.format("gate.open", "checks firewall"),
        ),
        ("{firewall.rules}", "{gate.rules}", "causes.0.fix.0.before: {gate.rules} names no check; there are firewall"),
        ("Look at {group}", "Look at {gate.x}", "causes.1.manual: {gate.x} names no check; there are firewall"),
        ("name: other", "name: closed", "causes.1.name: another cause of this runbook is called closed"),
        (
            "source: nowhere",
            "source: nowhere\n¶name: door",
            "name: a runbook is called as its file is, port: leave this out",
        ),
        ("every: 15", "every: 0", "validation.every: Input should be greater than or equal to 1 (given: 0)"),
        ("signals: [firewall.port-closed]", "signals: []", "validation.signals: List should have at least 1 item"),
        ("name: other", "name: Other one", "causes.1.name: String should match pattern"),
    ],
)
def test_a_mistake_in_a_runbook_is_said_with_file_and_line(files: Files, old: str, new: str, message: str) -> None:
    text, line = edited(RUNBOOK, old, new)
    path = files(text, SERVICE).parent / "runbooks" / "port.yaml"
    with pytest.raises(FileError) as raised:
        load.runbook(path)
    assert any(said.startswith(f"{path}:{line}: {message}") for said in str(raised.value).splitlines())


@pytest.mark.parametrize(
    ("old", "new", "place", "sentence"),
    [
        ("    manual: Look at {group}.\n", "", "causes.1", "cause other needs either fix or manual"),
        (
            "after: open to {balancer}\n",
            "after: open to {balancer}\n    manual: Open it\n",
            "causes.0",
            "cause closed needs either fix or manual",
        ),
        (
            "    manual: Look at {group}.\n",
            "    manual: Look at {group}.\n    prevention: Watch {group}\n",
            "causes.1",
            "cause other: its prevention is told of every incident, so it may name nothing in braces: group",
        ),
        (
            "    manual: Look at {group}.\n",
            "    manual: Look at {group}.\n    awaits: {signals: [firewall.port-closed], every: 60, hours: 1}\n",
            "causes.1",
            "cause other awaits what no fix of it sets going",
        ),
        (
            "after: open to {balancer}\n",
            "after: open to {balancer}\n    ladder: true\n",
            "causes.0",
            "cause closed: a ladder has two fixes or more, and awaits nothing",
        ),
        (
            "      - fix: open_security_group_port\n",
            "      - fix: open_security_group_port\n        each: firewall.ports\n",
            "causes.0.fix.0",
            "open_security_group_port is made for each of firewall.ports, and is not given {firewall.ports}",
        ),
        (
            "every: 15",
            "every: 3600",
            "validation",
            "every x attempts is 72000 seconds; at most 1800 are allowed, because the target stays locked for an hour",
        ),
    ],
)
def test_words_that_contradict_each_other_are_said_with_their_place(
    files: Files, old: str, new: str, place: str, sentence: str
) -> None:
    path = files(edited(RUNBOOK, old, new)[0], SERVICE).parent / "runbooks" / "port.yaml"
    with pytest.raises(FileError, match=rf"port\.yaml:\d+: {re.escape(place)}: Value error, {re.escape(sentence)}"):
        load.runbook(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: The shop", "title: The shop\n¶team: x", "team: Extra inputs are not permitted (given: 'x')"),
        (
            "  amel@example.com: {principals",
            "  amel at example.com: {principals",
            "approvers.amel at example.com.[key]: ",
        ),
        (
            "  karim@example.com: {}",
            "  karim@example.com: {phone: 1}",
            "approvers.karim@example.com.phone: Extra inputs",
        ),
        ('account: "123456789012"', "account: 123456789012", "account: Input should be a valid string"),
        ("region: me-central-1", "region: mars", "region: String should match pattern"),
        ("title: The shop", "title: The shop\n¶language: de", "language: Input should be 'en' or 'fr' (given: 'de')"),
        (USER, "arn:aws:iam::123456789012:role/oncall", f"{PRINCIPALS}.0: String should match pattern"),
        (USER, "arn:aws:iam::123456789012:root", f"{PRINCIPALS}.0: String should match pattern"),
        (USER, "arn:aws:iam::1234:user/amel", f"{PRINCIPALS}.0: String should match pattern"),
        (USER, "arn:aws:iam::123456789012:user/", f"{PRINCIPALS}.0: String should match pattern"),
        (USER, "arn:aws:iam::123456789012:user/amel karim", f"{PRINCIPALS}.0: String should match pattern"),
        (USER, "*", f"{PRINCIPALS}.0: String should match pattern"),
        ("minutes: 30", "minutes: half an hour", "approval.levels.0.minutes: Input should be a valid integer"),
        ("minutes: 30", "minutes: 1", "approval.levels.0.minutes: Input should be greater than or equal to 2"),
        ("minutes: 30", "minutes: 10081", "approval.levels.0.minutes: Input should be less than or equal to 10080"),
        ("name: L1", 'name: "L1\\n"', "approval.levels.0.name: String should match pattern"),
        (
            "approvers: [amel@example.com, karim@example.com]",
            "approvers: []",
            "approval.levels.0.approvers: List should",
        ),
        (LEVEL, f"{LEVEL}\n  ¶policy: {{high: three}}", "approval.policy.high: Input should be 'automatic', 'one' or"),
        (LEVEL, f"{LEVEL}\n  ¶policy: {{extreme: two}}", "approval.policy.extreme: Extra inputs are not permitted"),
        (LEVEL, f"{LEVEL}\n  ¶own_requests: often", "approval.own_requests: Input should be 'allowed' or 'refused'"),
        ("  port:\n    alarms", "  door:\n    alarms", "runbooks.door: there is no runbook door; there are port"),
        (
            "group: ^sg-[0-9a-f]+$",
            "group: ^sg-[0-9a-f+$",
            "runbooks.port.overrides.group: Value error, is no regular expression: unterminated character set",
        ),
        ("group: ^sg", "cluster: ^sg", "runbooks.port.overrides.cluster: names no resource of this service"),
        ("kind: unhealthy-hosts", "kind: slow", "runbooks.port.alarms.0.kind: Input should be 'load-balancer-5xx',"),
        (
            TITLE,
            f"{TITLE}\nwatch:\n  ¶runbook: port",
            "watch.runbook: no cause of port has a level, so it cannot tell how the service is",
        ),
        (TITLE, f"{TITLE}\n¶timezone: Mars/Olympus", "timezone: Value error, is no time zone, as Asia/Dubai is one"),
        (TITLE, f"{TITLE}\n¶timezone: ../../etc/passwd", "timezone: Value error, is no time zone"),
        (TITLE, f'{TITLE}\n¶timezone: ""', "timezone: Value error, is no time zone"),
        (TITLE, f"{TITLE}\n¶timezone: Asia", "timezone: Value error, is no time zone"),
        (TITLE, f"{TITLE}\n¶event_minutes: 0", "event_minutes: Input should be greater than or equal to 1"),
        (
            TITLE,
            f"{TITLE}\nfreezes:\n  - ¶start: 2026-12-24T06:00:00\n    end: {EVENING}\n    reason: x",
            "freezes.0.start: Value error, write the time in quotes, with its offset: ",
        ),
        (
            TITLE,
            f"{TITLE}\nfreezes:\n  - ¶start: 2026-12-24\n    end: {EVENING}\n    reason: x",
            "freezes.0.start: ",
        ),
        (
            TITLE,
            f'{TITLE}\nfreezes:\n  - ¶start: "2026-12-24T18:00:00"\n    end: {EVENING}\n    reason: x',
            "freezes.0.start: Input should have timezone info",
        ),
        (
            TITLE,
            f"{TITLE}\nfreezes:\n  - start: {MORNING}\n    ¶ends: {EVENING}\n    end: {EVENING}\n    reason: x",
            "freezes.0.ends: Extra inputs are not permitted",
        ),
        (
            TITLE,
            f"{TITLE}\nfreezes:\n  - ¶{{start: {MORNING}, end: {EVENING}}}",
            "freezes.0.reason: Field required",
        ),
        (
            TITLE,
            f"{TITLE}\nfreezes:\n  - ¶{{start: {EVENING}, end: {MORNING}, reason: x}}",
            "freezes.0: Value error, a freeze ends after it starts",
        ),
        (
            TITLE,
            f"{TITLE}\nfreezes:\n  - ¶{{start: {EVENING}, end: {EVENING}, reason: x}}",
            "freezes.0: Value error, a freeze ends after it starts",
        ),
        (
            TITLE,
            f"{TITLE}\nlimits:\n  ¶shut_port: {{resources: 1}}",
            f"limits.shut_port: there is no fix shut_port; there are {FIXES}",
        ),
        (
            TITLE,
            f"{TITLE}\nlimits:\n  {PORTS}:\n    bounds:\n      ¶prot: {{most: 1}}",
            f"limits.{PORTS}.bounds.prot: {PORTS} has no such parameter; it has security_group, port, source",
        ),
        (
            TITLE,
            f"{TITLE}\nlimits:\n  {PORTS}:\n    bounds:\n      ¶source: {{most: 1}}",
            f"limits.{PORTS}.bounds.source: {PORTS} takes no number there",
        ),
        (
            TITLE,
            f"{TITLE}\nlimits:\n  {PORTS}:\n    bounds:\n      ¶port: {{least: 9000, most: 80}}",
            f"limits.{PORTS}.bounds.port: nothing is at least 9000 and at most 80",
        ),
        (
            TITLE,
            f"{TITLE}\nlimits:\n  {PORTS}:\n    bounds:\n      port: {{¶max: 1}}",
            f"limits.{PORTS}.bounds.port.max: Extra inputs are not permitted",
        ),
        (
            TITLE,
            f"{TITLE}\nlimits:\n  {PORTS}:\n    ¶resources: 0",
            f"limits.{PORTS}.resources: Input should be greater than or equal to 1",
        ),
        (
            TITLE,
            f'{TITLE}\nlimits:\n  {PORTS}:\n    forbidden:\n      - ¶start: "24:00"\n        end: "06:00"',
            f"limits.{PORTS}.forbidden.0.start: String should match pattern",
        ),
        (
            TITLE,
            f'{TITLE}\nlimits:\n  {PORTS}:\n    forbidden:\n      - start: "8:00"\n        ¶end: 6',
            f"limits.{PORTS}.forbidden.0.end: Input should be a valid string",
        ),
        (
            TITLE,
            f'{TITLE}\nlimits:\n  {PORTS}:\n    forbidden:\n      - {{start: "08:00", end: "09:00", days: [¶monday]}}',
            f"limits.{PORTS}.forbidden.0.days.0: Input should be 'mon', 'tue'",
        ),
        (
            TITLE,
            f'{TITLE}\nlimits:\n  {PORTS}:\n    forbidden:\n      - {{start: "08:00", end: "09:00", ¶days: []}}',
            f"limits.{PORTS}.forbidden.0.days: List should have at least 1 item",
        ),
        (TITLE, f"{TITLE}\nflapping: {{¶repairs: 0}}", "flapping.repairs: Input should be greater than or equal to 1"),
        (TITLE, f"{TITLE}\nflapping: {{¶hours: 0}}", "flapping.hours: Input should be greater than or equal to 1"),
        (TITLE, f"{TITLE}\nflapping: {{¶minutes: 5}}", "flapping.minutes: Extra inputs are not permitted"),
        (
            "port: 8000",
            "port: http",
            "resources.port: security_group_port cannot use it as port: Input should be a valid",
        ),
        (
            "port: 8000",
            "port: 70000",
            "resources.port: security_group_port cannot use it as port: Input should be less",
        ),
    ],
)
def test_a_mistake_in_a_service_is_said_with_file_and_line(files: Files, old: str, new: str, message: str) -> None:
    text, line = edited(SERVICE, old, new)
    path = files(RUNBOOK, text)
    with pytest.raises(FileError) as raised:
        load.service(path, path.parent / "runbooks")
    assert any(said.startswith(f"{path}:{line}: {message}") for said in str(raised.value).splitlines())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("other: {port: a}", "validation.with.other: the validation asks nothing of other; it asks firewall"),
        ("firewall: {prot: a}", "validation.with.firewall.prot: firewall has no such parameter; it has security_group"),
        ('firewall: {port: "{firewall.rules}"}', "validation.with.firewall: {firewall.rules} is no parameter of a fix"),
    ],
)
def test_what_a_validation_expects_has_been_approved(files: Files, given: str, message: str) -> None:
    path = files(RUNBOOK.replace("validation:\n", f"validation:\n  with: {{{given}}}\n"), SERVICE)
    with pytest.raises(FileError) as raised:
        load.runbook(path.parent / "runbooks" / "port.yaml")
    assert message in str(raised.value)


def test_a_check_may_ask_for_what_is_newer_than_the_incident() -> None:
    use = load.runbooks()["verified_deploy"].checks["made"]
    resources = load.services()["harena"].resources
    assert use.parameters(resources, "2026-11-22T07:00:00+00:00")["since"] == "2026-11-22T07:00:00+00:00"
    assert use.parameters(resources)["since"] == "1970-01-01T00:00:00+00:00"


def test_an_operation_is_not_watched(files: Files) -> None:
    runbook = RUNBOOK.replace("symptoms: []", "operation: true\nsymptoms: []")
    runbook = runbook.replace("    manual: Look", "    level: warning\n    manual: Look")
    path = files(
        runbook, SERVICE.replace(TITLE, f"{TITLE}\nwatch: {{runbook: port}}").replace("unhealthy-hosts", "watch")
    )
    with pytest.raises(FileError, match=r"runbooks\.port\.alarms: an operation is for a healthy service"):
        load.service(path, path.parent / "runbooks")


def test_a_time_without_quotes_is_the_same_where_it_has_its_offset(files: Files) -> None:
    text = f"{TITLE}\nfreezes:\n  - {{start: 2026-12-24T06:00:00+04:00, end: {EVENING}, reason: x}}"
    path = files(RUNBOOK, SERVICE.replace(TITLE, text))
    (freeze,) = load.service(path, path.parent / "runbooks").freezes
    assert freeze.start == datetime.fromisoformat(MORNING.strip('"'))
    assert freeze.model_dump_json().startswith('{"start":"2026-12-24T06:00:00+04:00"')


def test_freezes_limits_and_flapping_as_they_should_be(files: Files) -> None:
    words = f"""{TITLE}
timezone: Asia/Dubai
freezes:
  - {{start: {MORNING}, end: {EVENING}, reason: holidays}}
limits:
  {PORTS}:
    bounds:
      port: {{least: 1024, most: 9000}}
    resources: 2
    forbidden:
      - {{start: "22:00", end: "06:00", days: [fri, sat]}}
      - {{start: "12:00", end: "13:00"}}
flapping: {{repairs: 2, hours: 6}}"""
    path = files(RUNBOOK, SERVICE.replace(TITLE, words))
    loaded = load.service(path, path.parent / "runbooks")
    (freeze,) = loaded.freezes
    assert freeze.end - freeze.start == timedelta(hours=12)
    limits = loaded.limits[PORTS]
    assert (limits.bounds["port"].least, limits.bounds["port"].most, limits.resources) == (1024, 9000, 2)
    assert [hours.days for hours in limits.forbidden] == [["fri", "sat"], list(DAYS)]
    assert (loaded.flapping.repairs, loaded.flapping.hours, loaded.timezone) == (2, 6, "Asia/Dubai")


@pytest.mark.parametrize(
    ("people", "policy"),
    [
        ("amel@example.com", "{low: two}"),
        ("amel@example.com, amel@example.com", "{}"),
        ("amel@example.com, Amel@Example.com", "{}"),
    ],
)
def test_a_level_that_could_never_approve_is_a_mistake(files: Files, people: str, policy: str) -> None:
    text = SERVICE.replace("[amel@example.com, karim@example.com]", f"[{people}]")
    path = files(RUNBOOK, text.replace("resources:", f"  policy: {policy}\nresources:"))
    with pytest.raises(FileError) as raised:
        load.service(path, path.parent / "runbooks")
    sentence = "level L1 has too few approvers: policy and own_requests ask for 2 different ones"
    assert str(raised.value).startswith(f"{path}:8: approval: Value error, {sentence}")


@pytest.mark.parametrize(
    ("policy", "needed"),
    [
        ("{low: automatic, medium: automatic, high: automatic}", 0),
        ("{high: one}", 2),
        ("{}", 3),
        ("{low: two, high: automatic}", 3),
    ],
)
def test_where_who_started_it_may_not_approve_each_level_needs_one_person_more(
    files: Files, policy: str, needed: int
) -> None:
    text = SERVICE.replace("resources:", f"  policy: {policy}\n  own_requests: refused\nresources:")
    path = files(RUNBOOK, text)
    if needed <= 2:
        assert load.service(path, path.parent / "runbooks").approval.own_requests == "refused"
        return
    with pytest.raises(FileError) as raised:
        load.service(path, path.parent / "runbooks")
    sentence = f"level L1 has too few approvers: policy and own_requests ask for {needed} different ones"
    assert str(raised.value).startswith(f"{path}:8: approval: Value error, {sentence}")


def test_a_mailbox_in_two_cases_is_one_persons(files: Files) -> None:
    path = files(RUNBOOK, SERVICE.replace("karim@example.com: {}", "Amel@Example.com: {}\n  karim@example.com: {}"))
    with pytest.raises(FileError, match=r"shop\.yaml:1: .*approvers: two of them are one mailbox, written in another"):
        load.service(path, path.parent / "runbooks")


def test_a_level_of_one_is_enough_where_one_decides(files: Files) -> None:
    text = SERVICE.replace("[amel@example.com, karim@example.com]", "[amel@example.com]")
    path = files(RUNBOOK, text.replace("resources:", "  policy: {high: one}\nresources:"))
    assert load.service(path, path.parent / "runbooks").approval.policy.people("high") == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[amel@example.com, ", "[lina@example.com, ", "approval.levels asks lina@example.com, who is not one of"),
        ("karim@example.com: {}", f"karim@example.com: {{principals: ['{USER}']}}", f"{USER} belongs to two approvers"),
        (f'["{USER}"]', f'["{USER}", "{USER}"]', f"{USER} belongs to two approvers: it has to be one person's"),
    ],
)
def test_who_is_asked_and_who_acts_as_whom_is_clear(files: Files, old: str, new: str, sentence: str) -> None:
    path = files(RUNBOOK, edited(SERVICE, old, new)[0])
    with pytest.raises(FileError, match=rf"shop\.yaml:1: .*{re.escape(sentence)}"):
        load.service(path, path.parent / "runbooks")


@pytest.mark.parametrize(
    ("principal", "approver"),
    [
        (USER, "amel@example.com"),
        (f"{USER}2", ""),
        (USER.upper(), ""),
        ("", ""),
        ("arn:aws:sts::123456789012:assumed-role/oncall/amel", ""),
    ],
)
def test_a_principal_is_one_approvers_or_nobodys(files: Files, principal: str, approver: str) -> None:
    path = files()
    assert load.service(path, path.parent / "runbooks").approver_of(principal) == approver


@pytest.mark.parametrize("resource", ["group", "balancer", "port"])
def test_a_resource_that_the_runbook_needs_is_missed(files: Files, resource: str) -> None:
    path = files(RUNBOOK, re.sub(rf"\n  {resource}: \S+", "", SERVICE, count=1))
    with pytest.raises(FileError, match=rf"shop\.yaml:11: resources: the runbook port needs {resource}"):
        load.service(path, path.parent / "runbooks")


def test_a_resource_that_only_a_text_mentions_is_missed_too(files: Files) -> None:
    path = files(RUNBOOK.replace("Look at {group}", "Look at {cluster}"), SERVICE)
    with pytest.raises(FileError, match=r"shop\.yaml:11: resources: the runbook port needs cluster"):
        load.service(path, path.parent / "runbooks")


def test_an_alarm_is_ours_or_an_existing_one(files: Files) -> None:
    path = files(RUNBOOK, SERVICE.replace("- kind: unhealthy-hosts", "- {kind: unhealthy-hosts, existing: mine}"))
    with pytest.raises(
        FileError, match=r"shop\.yaml:18: runbooks\.port\.alarms\.0: Value error, an alarm needs either"
    ):
        load.service(path, path.parent / "runbooks")


def test_all_mistakes_are_said_at_once(files: Files) -> None:
    text = SERVICE.replace("region: me-central-1", "region: mars").replace("minutes: 30", "minutes: 0")
    path = files(RUNBOOK, text)
    with pytest.raises(FileError) as raised:
        load.service(path, path.parent / "runbooks")
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == ["region", "approval.levels.0.minutes"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: a\ntitle: b\n", r"port\.yaml:2: found duplicate key \"title\""),
        ("title: a\nchecks: {\n", r"port\.yaml:3: "),
        ("title: [a\nchecks: b\n", r"port\.yaml:2: "),
        ("title: a\n\tchecks: b\n", r"port\.yaml:2: found character '\\t' that cannot start any token"),
        ("title: \x07\n", r"port\.yaml:1: "),
        ("", r"port\.yaml:1: expected names with values"),
        ("- a\n- b\n", r"port\.yaml:1: expected names with values"),
        ("a text", r"port\.yaml:1: expected names with values"),
    ],
)
def test_what_is_no_yaml_of_ours_is_said_with_file_and_line(files: Files, text: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        load.runbook(files(text, SERVICE).parent / "runbooks" / "port.yaml")


def test_a_file_that_is_no_text_is_said(files: Files) -> None:
    path = files(RUNBOOK, SERVICE).parent / "runbooks" / "port.yaml"
    path.write_bytes(b"title: \xff\xfe\n")
    with pytest.raises(FileError, match=r"port\.yaml:1: "):
        load.runbook(path)


def test_two_services_of_one_name_are_a_mistake(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files(RUNBOOK, SERVICE)
    (path.parent / "twin.yaml").write_text(SERVICE, encoding="utf-8")
    one = load.service(path, path.parent / "runbooks")
    monkeypatch.setattr(load, "service", lambda _: one)
    with pytest.raises(FileError, match=r"twin\.yaml:1: name: another file of this folder describes shop already"):
        load.services(path.parent)


def test_every_use_is_found_by_its_function() -> None:
    runbook = load.runbooks()["webhook_unavailable"]
    grouped = load.functions_of(runbook)
    assert len(grouped["check/http_endpoint"]) == len(grouped["check/security_group_port"]) == 2
    assert sum(map(len, grouped.values())) == len(runbook.checks) + len(runbook.fixes)
