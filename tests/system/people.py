"""People at their own shells, each an IAM user: they start runbooks and decide by command."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

from sandbox.cloud import Sandbox
from sandbox.deployed import approval_url
from statemachines.model import Service
from tests.system.run import RUNBOOK, SECONDS, SERVICE, Run

ROOT = Path(__file__).parents[2]
MAY_START = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "states:StartExecution", "Resource": "*"}],
}


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

    def start(self, service: Service, **given: Any) -> Run:
        """Start a runbook by hand."""
        machine = service.state_machine_arn(RUNBOOK)
        started = self("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given))
        return Run(self.sandbox, started["executionArn"], service)

    def approve(self, run: Run, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command, as `make approve` does."""
        url = approval_url(self.sandbox, run.service.name)
        command = [sys.executable, "-m", "cli.approve", run.service.name, run.incident, "--url", url, *arguments]
        environment = {**self.sandbox.environment, **self.credentials}
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=60
        )


class People:
    """IAM users by their names, who may start every runbook."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.made: dict[str, Shell] = {}

    def __call__(self, name: str, *policies: str) -> Shell:
        """Make a user, with policies besides: `people("karim", "ganopa-bot-approver")`."""
        iam = self.sandbox.client("iam")
        if name not in self.made:
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="start", PolicyDocument=json.dumps(MAY_START))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            self.made[name] = Shell(self.sandbox, key["AccessKeyId"], key["SecretAccessKey"])
        for policy in policies:
            iam.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::{SERVICE.account}:policy/{policy}")
        return self.made[name]


def proven(run: Run) -> None:
    """Wait until CloudTrail tells who started an execution."""
    wanted: Any = [{"AttributeKey": "EventName", "AttributeValue": "StartExecution"}]
    trail = run.sandbox.client("cloudtrail")
    run.sandbox.world.wait_until(lambda: run.execution in str(trail.lookup_events(LookupAttributes=wanted)), SECONDS)
