"""The audit on the deployed template: a good account, one where all is wrong, and one that may not be looked at."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from cli import audit_report
from functions.core import audited, catalogue, readiness
from functions.core.readiness import Report
from sandbox import audit, schedules
from sandbox.clients import client
from sandbox.cloud import Sandbox
from sandbox.delivery import role_key
from sandbox.huntaze import SANDBOX_SECRET, Huntaze
from sandbox.incidents.huntaze import WRONG
from statemachines import compile as compiling
from statemachines import load
from tests.system.run import Run

pytestmark = pytest.mark.parametrize("sandbox", ["huntaze"], indirect=True)

SERVICE = load.services()["huntaze"]
USE = audit.used(SERVICE)
AUDIT = load.audits()[USE.audit]
AUDITED = compiling.audited(SERVICE, AUDIT)
LOOKS = audited.looks(SERVICE, AUDIT, USE.regions)
WHOLE_ROWS = {"backups", "security-groups", "monitoring"}  # that nobody has to attest anything of
ELSEWHERE = {"identity.other-account", "repository.state-files", "repository.secret-files"}  # not this account's
ONLY_WHEN = {"acm:DescribeCertificate": "certificates-expires-soon"}  # of other certificates the list tells enough
IMPLIED = {"firewalls.open-admin": "firewalls.open-ports"}
TURNS = 3  # what is wrong at once: some things hide others
UNDENIABLE = {"sts:GetCallerIdentity"}  # AWS answers it whatever a policy says
DECLARED = sorted(
    (one.check, action)
    for one in {use.check: use for use in AUDIT.deployed.values()}.values()
    for permission in catalogue.checks()[one.check].permissions
    for action in permission.actions
    if action not in UNDENIABLE
)


@pytest.fixture
def huntaze(sandbox: Sandbox) -> Iterator[Huntaze]:
    """The account, all good."""
    system = cast("Huntaze", sandbox.system("huntaze"))
    system.heal()
    yield system
    system.heal()


def run(sandbox: Sandbox) -> tuple[dict[str, Any], Report]:
    """Run the audit as an engineer would; return what it answers, and what it has kept."""
    answer = audit.run(sandbox)
    return answer, audit.kept(sandbox, answer)


def wrong(report: Report) -> set[str]:
    """Name the signals that are true somewhere."""
    return {one.signal for row in report.rows for one in row.answered(answer=True)}


@pytest.mark.usefixtures("huntaze")
def test_of_a_good_account_only_what_people_know_is_open(sandbox: Sandbox) -> None:
    answer, report = run(sandbox)
    assert wrong(report) == set()
    unknown = {one.signal for row in report.rows for one in row.answered(answer=None)}
    assert unknown == {"repository.state-files", "repository.secret-files"}
    assert [row.nothing for row in report.rows if row.nothing] == []
    assert {name for name, status in answer["rows"].items() if status == "OK"} == WHOLE_ROWS
    assert {name for name, status in answer["rows"].items() if status == "NOK"} == set()
    assert len(answer["rows"]) == 11
    assert set(LOOKS) <= set(report.seen)


@pytest.mark.parametrize("turn", range(TURNS))
def test_everything_that_can_be_wrong_is_found_with_its_evidence(sandbox: Sandbox, huntaze: Huntaze, turn: int) -> None:
    run(sandbox)
    broken = {one.name for one in WRONG[turn::TURNS]}
    huntaze.break_("+".join(broken))
    answer, report = run(sandbox)
    every = {signal for row in AUDIT.rows for signal in row.wrong} - ELSEWHERE
    expected = {signal for signal in every if signal.replace(".", "-") in broken}
    assert len(expected) == len(broken)
    expected |= {IMPLIED[signal] for signal in expected & IMPLIED.keys()}
    assert wrong(report) == expected
    for row in report.rows:
        for one in row.answered(answer=True):
            assert one.evidence, one.signal
            assert one.todo, one.signal
    concerned = {row.name for row in AUDIT.rows if row.wrong.keys() & expected}
    assert {name for name, status in answer["rows"].items() if status == "NOK"} == concerned
    assert {one["row"] for one in answer["changes"]} == concerned


def test_its_schedule_starts_it_and_it_changes_nothing(sandbox: Sandbox, huntaze: Huntaze) -> None:
    run(sandbox)
    known = len(sandbox.mailbox.messages())
    ended = Run(sandbox, schedules.start("huntaze-audit"), SERVICE).end()
    assert ended["status"] == "SUCCEEDED"
    assert ended["changes"] == []
    assert len(sandbox.mailbox.messages()) - known == len(ended["told"])
    assert huntaze.healthy()


def test_what_has_changed_is_mailed_with_a_link_to_this_version(sandbox: Sandbox, huntaze: Huntaze) -> None:
    run(sandbox)
    huntaze.break_("databases-public")
    answer, _ = run(sandbox)
    mail = sandbox.mailbox.wait_for(lambda one: answer["link"] in one.body, 30)
    assert mail.to in SERVICE.approvers
    assert "OK → NOK" in mail.body
    version = answer["link"].rpartition("versionId=")[2]
    page = sandbox.client("s3").get_object(Bucket=SERVICE.audits_bucket, Key="launch_readiness.html", VersionId=version)
    assert "PubliclyAccessible True" in page["Body"].read().decode()


def test_what_it_keeps_and_what_is_saved_here_speaks_the_services_language_throughout(
    sandbox: Sandbox, huntaze: Huntaze, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_report, "FOLDER", tmp_path)
    run(sandbox)
    huntaze.break_("databases-public")
    answer, _ = run(sandbox)
    pages = audit.pages(sandbox, answer)
    assert SERVICE.language == "fr"
    assert '<html lang="fr">' in pages["html"]
    for text in (pages["html"], pages["md"]):
        assert "Ce qui a changé depuis" in text
        assert "Une base de données a une adresse publique" in text
        assert "What" not in text
    assert audit.save(sandbox, answer).read_text(encoding="utf-8") == pages["html"]


@pytest.mark.usefixtures("huntaze")
def test_no_secret_is_anywhere(sandbox: Sandbox) -> None:
    answer, _ = run(sandbox)
    states = sandbox.client("stepfunctions")
    (machine,) = [
        one["stateMachineArn"]
        for one in states.list_state_machines()["stateMachines"]
        if one["name"].endswith("-audit")
    ]
    histories = [
        json.dumps(page, default=str)
        for one in states.list_executions(stateMachineArn=machine)["executions"]
        for page in states.get_paginator("get_execution_history").paginate(executionArn=one["executionArn"])
    ]
    mails = [mail.body for mail in sandbox.mailbox.messages()]
    everything = "\n".join(
        [*audit.pages(sandbox, answer).values(), *histories, *mails, sandbox.everything_logged(), json.dumps(answer)]
    )
    assert "Check app_variables" in everything
    assert SANDBOX_SECRET not in everything


@pytest.fixture(scope="module")
def good(sandbox: Sandbox) -> dict[str, Any]:
    """What each look answers in a good account."""
    cast("Huntaze", sandbox.system("huntaze")).heal()
    return {name: look(sandbox, name) for name in LOOKS}


def look(sandbox: Sandbox, name: str) -> Any:
    """Call a check's function as the state machine does; an error becomes what the state machine makes of it."""
    function = f"huntaze-check-{LOOKS[name].check.replace('_', '-')}"
    payload = json.dumps({"parameters": LOOKS[name].parameters})
    answer = sandbox.client("lambda").invoke(FunctionName=function, Payload=payload)
    said = json.loads(answer["Payload"].read())
    return {"error": said["errorType"], "cause": json.dumps(said)[:1000]} if "FunctionError" in answer else said


@contextmanager
def denied(sandbox: Sandbox, function: str, action: str) -> Iterator[None]:
    """Take an action away from a function's role for a while."""
    role = sandbox.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    iam, policy = sandbox.client("iam"), {"RoleName": role, "PolicyName": "taken-away"}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(document))
    try:
        yield
    finally:
        iam.delete_role_policy(**policy)
        sandbox.denied.clear()


@pytest.mark.parametrize(("check", "action"), DECLARED, ids=str)
def test_without_a_permission_its_rows_are_to_do_and_name_it_and_the_others_stay(
    sandbox: Sandbox, good: dict[str, Any], check: str, action: str
) -> None:
    names = [name for name, one in LOOKS.items() if one.check == check]
    system = cast("Huntaze", sandbox.system("huntaze"))
    if action in ONLY_WHEN:
        system.break_(ONLY_WHEN[action])
    with denied(sandbox, f"huntaze-check-{check.replace('_', '-')}", action):
        answers = good | {name: look(sandbox, name) for name in names}
    if action in ONLY_WHEN:
        system.heal()
    before = readiness.report(AUDITED, USE.regions, good, None)
    after = readiness.report(AUDITED, USE.regions, answers, None)
    uses = {name for name, use in AUDIT.checks.items() if use.check == check}
    for row, was, now in zip(AUDIT.rows, before.rows, after.rows, strict=True):
        concerned = {signal.partition(".")[0] for signal in row.wrong} & uses
        assert now.status == ("TODO" if concerned else was.status), row.name
        told = [one.todo for one in now.answered(answer=None) if one.signal.partition(".")[0] in uses]
        assert bool(told) is bool(concerned), row.name
        assert all(action in one for one in told), (row.name, told)


def test_what_is_denied_does_not_end_the_audit(sandbox: Sandbox, huntaze: Huntaze) -> None:
    huntaze.break_("mail-sandbox")
    with denied(sandbox, "huntaze-check-databases", "rds:DescribeDBInstances"):
        answer, report = run(sandbox)
    assert answer["rows"]["mail"] == "NOK"
    assert answer["rows"]["backups"] == answer["rows"]["security-groups"] == "TODO"
    assert answer["rows"]["monitoring"] == "OK"
    todo = {one.todo for row in report.rows if row.name == "backups" for one in row.answered(answer=None)}
    assert any(re.search(r"rds:DescribeDBInstances", one) for one in todo)


def test_what_somebody_attaches_to_a_checks_role_is_denied_all_the_same(sandbox: Sandbox) -> None:
    """The role of a check is used with a policy that somebody has added: what is not declared stays denied."""
    function = sandbox.client("lambda").get_function_configuration(FunctionName="huntaze-check-databases")
    role = function["Role"].rpartition("/")[2]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = sandbox.client("iam")
    policy = {"RoleName": role, "PolicyName": "added"}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(everything))
    try:
        rds: Any = client("rds", role_key(function["Role"], "somebody"))
        assert rds.describe_db_instances()["DBInstances"]
        with pytest.raises(ClientError, match="rds:DeleteDBInstance"):
            rds.delete_db_instance(DBInstanceIdentifier="huntaze-prod", SkipFinalSnapshot=True)
        s3: Any = client("s3", role_key(function["Role"], "somebody"))
        with pytest.raises(ClientError, match="s3:PutObject"):
            s3.put_object(Bucket=SERVICE.audits_bucket, Key="launch_readiness.json", Body=b"{}")
    finally:
        iam.delete_role_policy(**policy)
        sandbox.denied.clear()
