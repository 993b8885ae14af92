"""Decides an incident by command, for those who may not use links: signed with IAM credentials, which are recorded.

Run by `make approve SERVICE=ganopa-bot INCIDENT=…`; DECISION=reject REASON="…" rejects.
"""

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session
from rich.console import Console
from rich.markup import escape

from cli.common import Failed
from statemachines import load
from statemachines.load import FileError

DECISIONS = {"approve": "approved", "reject": "rejected"}
console = Console(highlight=False, soft_wrap=True)


class Decisions:
    """The signed way to the questions of one service's deployed stack."""

    def __init__(self, session: boto3.session.Session, service: str, url: str = "") -> None:
        """Take the address from the stack's outputs, unless it is given.

        Raises:
            Failed: when there is no such stack, or no credentials to ask with.
        """
        self._session, self._region = session, session.region_name
        self._url = url or self._deployed(service)

    def ask(self, incident: str, answer: dict[str, str] | None = None) -> dict[str, Any]:
        """Read the question about an incident, or answer it.

        Raises:
            Failed: with what the service said.
        """
        method, body = ("POST", json.dumps(answer)) if answer else ("GET", None)
        request = AWSRequest(method=method, url=f"{self._url}/decisions/{quote(incident, safe='')}", data=body)
        credentials = self._session.get_credentials()
        if credentials is None:
            raise Failed("There are no AWS credentials to sign with: set AWS_PROFILE, or sign in first.")
        SigV4Auth(credentials, "execute-api", self._region).add_auth(request)
        response = URLLib3Session().send(request.prepare())
        told: dict[str, Any] = json.loads(response.content)
        if response.status_code != 200:  # noqa: PLR2004
            raise Failed(f"{response.status_code}: {told.get('error') or told.get('message')}")
        return told

    def _deployed(self, service: str) -> str:
        stacks = self._session.client("cloudformation").describe_stacks(StackName=service)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
        return str(outputs["ApprovalUrl"])


def main() -> int:
    """Show the question, ask for a confirmation, send the decision."""
    arguments = _arguments()
    try:
        services = load.services()
        region = services[arguments.service].region if arguments.service in services else None
        decisions = Decisions(boto3.session.Session(region_name=region), arguments.service, arguments.url)
        question = decisions.ask(arguments.incident)
        _show(question)
        answer = _answer(arguments, question)
        if not answer:
            console.print("Nothing was decided.")
            return 1
        _end(decisions.ask(arguments.incident, answer))
    except (BotoCoreError, ClientError, Failed, FileError) as error:
        return _say(str(error))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("incident", help="as the mail's last line names it")
    parser.add_argument("--decision", choices=DECISIONS, default="approve")
    parser.add_argument("--reason", default="", help="required to reject")
    parser.add_argument("--url", default="", help="of the stack's approval API; otherwise read from its outputs")
    parser.add_argument("--yes", action="store_true", help="do not ask for a confirmation")
    return parser.parse_args()


def _show(question: dict[str, Any]) -> None:
    console.print(f"[bold]{escape(question['runbook'])}[/] ({question['service']}, {question['state']})")
    for cause in question["causes"]:
        console.print(f"[bold]Cause:[/] {escape(cause['title'])}")
        for line in cause["evidence"]:
            console.print(f"  + {escape(line)}")
    for change in question["changes"]:
        console.print(f"[bold]Change:[/] {escape(change['effect'])}")
        for name in ("before", "after", "risk", "radius", "undo"):
            console.print(f"  {name + ':':<8} {escape(str(change[name] or 'cannot be undone'))}")


def _answer(arguments: argparse.Namespace, question: dict[str, Any]) -> dict[str, str]:
    """Ask what is still missing; empty where the person does not confirm."""
    decision = DECISIONS[arguments.decision]
    answer = {"decision": decision, "digest": question["digest"], "reason": arguments.reason}
    if decision == "approved" and question["risk"] == "high":
        return answer | {"service": console.input(f"The risk is high. Type {question['service']} to approve: ")}
    confirmed = arguments.yes or console.input(f"{arguments.decision.capitalize()} this? Type yes: ") == "yes"
    return answer if confirmed else {}


def _end(question: dict[str, Any]) -> None:
    people = ", ".join(question["approvals"])
    console.print(f"Now {question['state']}." + (f" Approved by {people} of {question['needed']}." if people else ""))


def _say(problem: str) -> int:
    console.print(f"[red]{escape(problem)}[/]")
    return 2


if __name__ == "__main__":
    sys.exit(main())
