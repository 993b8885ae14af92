"""Stricter rules, on a second deployed service: two people, typed names, own requests, decisions by command."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import approval_url
from sandbox.watch import run_out
from sandbox.world import World
from statemachines.model import Service
from tests.system.run import SECONDS, SERVICE, Run
from tests.system.strict_app import AMEL, KARIM, LINA

ROOT = Path(__file__).parents[2]
MAY_START = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "states:StartExecution", "Resource": "*"}],
}
TWO, HIGH, ONE = "wrong-health-path", "detached", "closed-port"


def start(sandbox: Sandbox, world: World, strict: Service, name: str, **given: Any) -> Run:
    """Break the world and start the stricter service's runbook by hand."""
    world.break_(name)
    world.wait_until(lambda: not world.healthy(), SECONDS)
    run = Run.by_hand(sandbox, given, strict)
    run.asked()
    return run


def approve(run: Run, who: str, **form: str) -> approver.Page:
    """Approve through somebody's link."""
    link = run.links(who)[-1]
    return approver.send(link, approver.look(link).form | {"decision": "approve", **form})


def test_two_different_people_have_to_approve(sandbox: Sandbox, world: World, strict: Service) -> None:
    run = start(sandbox, world, strict, TWO, requester=LINA)
    assert "2 different people have to approve." in run.mail(AMEL).body
    for _ in range(2):
        assert approve(run, AMEL).status == 200
    assert run.question()["state"] == "pending"
    assert "1 more person has to approve." in approver.look(run.links(KARIM)[0]).html
    approve(run, KARIM)
    assert run.end()["outcome"] == "recovered"
    assert [one["approver"] for one in run.question()["decisions"]] == [AMEL, KARIM]


def _mailed(run: Run, call: int) -> bool:
    return bool(run.question()["mailed"] == call)


def test_first_of_two_counts_on_the_next_level_too(sandbox: Sandbox, world: World, strict: Service) -> None:
    run = start(sandbox, world, strict, TWO, requester="guest@example.com")
    approve(run, AMEL)
    for call in (1, 2):
        run_out(sandbox, run.execution)
        world.wait_until(partial(_mailed, run, call), SECONDS)
    assert len(run.mails(AMEL)) == 1
    approve(run, LINA)
    assert run.end()["outcome"] == "recovered"


def test_high_risk_asks_to_type_the_services_name(sandbox: Sandbox, world: World, strict: Service) -> None:
    run = start(sandbox, world, strict, HIGH, requester=LINA)
    refused = [approve(run, AMEL), approve(run, AMEL, service="ganopa-bot")]
    assert {page.status for page in refused} == {400}
    assert "type the service&#39;s name, strict-bot" in refused[0].html
    assert run.question()["decisions"] == []
    assert approve(run, AMEL, service="strict-bot").status == 200
    approve(run, KARIM, service="strict-bot")
    assert run.end()["outcome"] == "recovered"


def test_who_declares_to_have_started_it_cannot_approve_it(sandbox: Sandbox, world: World, strict: Service) -> None:
    run = start(sandbox, world, strict, ONE, requester=AMEL)
    page = approve(run, AMEL)
    assert (page.status, "You started this incident yourself" in page.html) == (400, True)
    assert run.record["requester"] == {"who": AMEL, "principal": "", "proof": "declared"}
    approve(run, KARIM)
    assert run.end()["outcome"] == "recovered"


def test_cloudtrail_overrules_what_was_declared(
    sandbox: Sandbox, world: World, strict: Service, karim: "Shell"
) -> None:
    world.break_(ONE)
    world.wait_until(lambda: not world.healthy(), SECONDS)
    machine = strict.state_machine_arn("webhook_unavailable")
    started = karim("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps({"requester": LINA}))
    run = Run(sandbox, started["executionArn"], strict)
    run.asked()
    world.wait_until(lambda: run.execution in str(_trail(sandbox)), SECONDS)
    assert approve(run, KARIM).status == 400
    assert run.record["requester"]["proof"] == "CloudTrail"
    assert run.record["requester"]["who"] == KARIM
    approve(run, AMEL)
    assert run.end()["outcome"] == "recovered"


def _trail(sandbox: Sandbox) -> Any:
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "StartExecution"}]
    return sandbox.client("cloudtrail").lookup_events(LookupAttributes=wanted)


def test_while_nobody_knows_who_started_it_two_people_are_needed(
    sandbox: Sandbox, world: World, strict: Service
) -> None:
    run = start(sandbox, world, strict, ONE)
    assert run.question()["needed"] == 2
    approve(run, AMEL)
    if run.question()["state"] == "pending":  # CloudTrail has not told yet that it was an administrator
        approve(run, KARIM)
    assert run.end()["outcome"] == "recovered"


# By command


@pytest.fixture(scope="module")
def shells(sandbox: Sandbox) -> Callable[..., "Shell"]:
    """Make an IAM user who may start runbooks, with policies besides: `shells("karim", "ganopa-bot-approver")`."""
    made: dict[str, Shell] = {}
    iam = sandbox.client("iam")

    def shell(name: str, *policies: str) -> Shell:
        if name not in made:
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="start", PolicyDocument=json.dumps(MAY_START))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            made[name] = Shell(sandbox, key["AccessKeyId"], key["SecretAccessKey"])
        for policy in policies:
            iam.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::{SERVICE.account}:policy/{policy}")
        return made[name]

    return shell


@pytest.fixture
def karim(shells: Callable[..., "Shell"], strict: Service) -> "Shell":
    """Karim's own IAM user, who may start both services' runbooks and decide."""
    return shells("karim", "ganopa-bot-approver", f"{strict.name}-approver")


class Shell:
    """A person's shell with their own credentials."""

    def __init__(self, sandbox: Sandbox, key: str, secret: str) -> None:
        self.sandbox = sandbox
        self.credentials = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def __call__(self, service: str) -> Any:
        """Make a client."""
        key, secret = self.credentials.values()
        session: Any = boto3.session.Session(key, secret, region_name=SERVICE.region)
        return session.client(service, endpoint_url=self.sandbox.endpoint)

    def approve(self, run: Run, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command, as `make approve` does."""
        url = approval_url(self.sandbox, run.service.name)
        command = [sys.executable, "-m", "cli.approve", run.service.name, run.incident, "--url", url, *arguments]
        environment = {**self.sandbox.environment, **self.credentials}
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=60
        )


def test_command_decides_and_records_the_principal(karim: Shell, ganopa: Run) -> None:
    shown = karim.approve(ganopa, typed="no\n")
    assert (shown.returncode, "Nothing was decided" in shown.stdout) == (1, True)
    done = karim.approve(ganopa, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ganopa.end()["outcome"] == "recovered"
    (decision,) = ganopa.question()["decisions"]
    principal = "arn:aws:iam::123456789012:user/karim"
    assert (decision["channel"], decision["approver"], decision["principal"]) == ("command", KARIM, principal)
    assert principal in decision["proof"]


@pytest.fixture
def ganopa(sandbox: Sandbox, world: World) -> Run:
    """An open question of the service whose approvers have principals."""
    world.break_(ONE)
    world.wait_until(lambda: not world.healthy(), SECONDS)
    run = Run.by_hand(sandbox)
    run.asked()
    return run


def test_command_without_the_policy_is_forbidden(shells: Callable[..., Shell], ganopa: Run) -> None:
    nobody = shells("nobody")
    assert "403: Forbidden" in nobody.approve(ganopa, "--yes").stdout
    assert ganopa.question()["state"] == "pending"


def test_command_of_a_principal_that_is_nobodys_is_refused(shells: Callable[..., Shell], ganopa: Run) -> None:
    visitor = shells("visitor", "ganopa-bot-approver")
    answer = visitor.approve(ganopa, "--yes")
    assert (answer.returncode, "user/visitor" in answer.stdout) == (2, True)
    assert ganopa.question()["state"] == "pending"


def test_one_person_by_link_and_by_command_counts_once(
    sandbox: Sandbox, world: World, strict: Service, karim: Shell
) -> None:
    run = start(sandbox, world, strict, TWO, requester=LINA)
    approve(run, KARIM)
    assert karim.approve(run, "--yes").returncode == 0
    assert run.question()["state"] == "pending"
    approve(run, AMEL)
    assert run.end()["outcome"] == "recovered"
