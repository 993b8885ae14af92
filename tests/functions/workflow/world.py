"""What the steps of the chain meet: the incident table, the topic, and findings as checks give them."""

import contextlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns import sns_backends

from functions.core import approval, stops
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.incidents import Conflict, Incidents
from functions.core.plan import Plan
from functions.core.web import Response
from functions.workflow import (
    approval_command,
    approval_page,
    close_incident,
    conclude,
    open_incident,
    request_approval,
    target_lock,
    whose_turn,
)
from statemachines import compiled

REGION = "me-central-1"
TABLE = "incidents"
TOPIC = f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:approvers"
OPERATIONS = f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:operations"
KEY = "alias/task-tokens"
URL = "https://approve.example"
RUNBOOK = "webhook_unavailable"
INCIDENT = "2026-11-21T08-00-00-ganopa-bot-unhealthy-hosts-0123456789"
OF = {"incident": INCIDENT, "runbook": RUNBOOK}
REASON = "Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0)."
TRIGGER = {
    "kind": "alarm",
    "name": "ganopa-bot-unhealthy-hosts",
    "reason": REASON,
    "at": "2026-11-21T08:00:00+00:00",
    "event": "0123456789",
}

AMEL, KARIM, LINA = "amel@maisonganopa.com", "karim@maisonganopa.com", "lina@maisonganopa.com"
PRINCIPALS = {mail: f"arn:aws:iam::123456789012:user/{mail.partition('@')[0]}" for mail in (AMEL, KARIM, LINA)}
# Who started it may not approve it; one person decides, so that two approvers at a level are enough.
STRICT: dict[str, Any] = {"own_requests": "refused", "policy": {"low": "one", "medium": "one", "high": "one"}}
FIRST, REMINDER = {"call": 0, "seconds": 450}, {"call": 1, "seconds": 450}
SECOND, LAST = {"call": 2, "seconds": 900}, {"call": 3, "seconds": 900}

DOWN = ("health.failing", "health.no-backend", "webhook.failing", "webhook.no-backend", "targets.none-healthy")
EMPTY = (*DOWN, "targets.no-targets")
UNHEALTHY = (*DOWN, "targets.unhealthy-targets")
CLOSED_PORT = (*UNHEALTHY, "firewall.port-closed")


class Mail(NamedTuple):
    """One mail, as SNS was asked to send it."""

    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The approver's link: the secret at the end of the one address of the mail."""
        (address,) = [line for line in self.text.splitlines() if line.startswith(f"{URL}/incidents/")]
        return address.rpartition("/")[2]


class Answer(NamedTuple):
    """What the command got."""

    status: int
    said: dict[str, Any]


class World:
    """Reads what the steps wrote, and walks an incident to the step that a test is about."""

    def __init__(self, aws: Session, answers: list[tuple[str, str]]) -> None:
        """Keep the session, and the list in which the task's answers arrive: token and output."""
        self.aws = aws
        self.answers = answers
        self.incidents = Incidents(self.aws)

    @property
    def mails(self) -> list[Mail]:
        """Every mail sent."""
        sent = sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[TOPIC].sent_notifications
        return [
            Mail((attributes or {})["approver"]["Value"], str(subject), text)
            for _, text, subject, attributes, _ in sent
        ]

    @property
    def announced(self) -> list[str]:
        """The texts of all that the operations topic told."""
        return [text for _, text, *_ in sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[OPERATIONS].sent_notifications]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The whole table, as DynamoDB stores it."""
        return list(self.aws.client("dynamodb").scan(TableName=TABLE)["Items"])

    @property
    def record(self) -> dict[str, Any]:
        """The incident's record."""
        return self.incidents.get(INCIDENT) or {}

    @property
    def timeline(self) -> list[str]:
        """The texts of the incident's timeline."""
        return [line["text"] for line in self.incidents.timeline(INCIDENT)]

    @property
    def plan(self) -> Plan:
        """The plan that was concluded last."""
        return Plan.model_validate_json(self.record["plan"])

    def question(self, round_number: int = 1) -> dict[str, Any]:
        """Read a question as it is stored."""
        return self.incidents.get(INCIDENT, f"approval#{round_number}") or {}

    def approval(self, round_number: int = 1) -> Approval:
        """Read a question as the functions do."""
        question = approval.read(self.incidents, INCIDENT, round_number)
        assert question
        return question

    def said(self, round_number: int = 1) -> list[tuple[str, str, str]]:
        """List who said what through which channel to a question."""
        return [(one.approver, one.decision, one.channel) for one in self.approval(round_number).decisions]

    def change(self, round_number: int = 1, **values: Any) -> None:
        """Change a question behind the functions' back."""
        self.incidents.update(INCIDENT, f"approval#{round_number}", values)

    def open(self, given: Any = None, runbook: str = RUNBOOK) -> dict[str, Any]:
        """Open the incident; `{"trigger": …}` stands for what dispatch has written down."""
        rest = {"trigger": TRIGGER} if given is None else given
        if isinstance(rest, dict) and "trigger" in rest:
            with contextlib.suppress(Conflict):
                self.incidents.create(INCIDENT, "trigger", rest["trigger"])
            rest = {name: value for name, value in rest.items() if name != "trigger"}
        return open_incident.handler({"incident": INCIDENT, "runbook": runbook, "input": rest})

    def conclude(self, found: dict[str, Any], round_number: int = 0, runbook: str = RUNBOOK) -> dict[str, Any]:
        """Conclude from findings, after a round of asking."""
        event = {"incident": INCIDENT, "runbook": runbook, "findings": found, "round": round_number}
        return conclude.handler(event)

    def ask(self, *true: str, token: str = "token-1", given: Any = None) -> list[Mail]:  # noqa: S107 (made up)
        """Walk to the question about the cause that these signals prove; return the mails."""
        self.open(given)
        self.conclude(findings(*(true or CLOSED_PORT)))
        self.call(FIRST, token=token)
        return self.mails

    def call(self, turn: dict[str, int], round_number: int = 1, token: str = "token-1") -> list[str]:  # noqa: S107
        """Ask whose turn it is; return who was mailed."""
        event = {**OF, "round": round_number, "turn": turn, "token": token}
        return list(request_approval.handler(event)["asked"])

    def silence(self, turn: dict[str, int], round_number: int = 1) -> dict[str, Any]:
        """Let nobody answer a call."""
        return whose_turn.handler({**OF, "round": round_number, "turn": turn})

    def switch(self, value: str | None, name: str = stops.EVERYTHING) -> None:
        """Set a kill switch, or take it away."""
        ssm = self.aws.client("ssm")
        if value is None:
            ssm.delete_parameter(Name=name)
        else:
            ssm.put_parameter(Name=name, Value=value, Overwrite=True)

    def lock(self, action: str = "acquire", incident: str = INCIDENT) -> int:
        """Take the service's lock, or give it back; return its number."""
        return int(target_lock.handler({**OF, "incident": incident, "action": action})["lock"])

    def escalate(self) -> list[Mail]:
        """Let nobody of the first level answer; return the mails to the second."""
        self.silence(FIRST)
        self.silence(REMINDER)
        before = len(self.mails)
        self.call(SECOND, token="token-2")
        return self.mails[before:]

    def close(self, outcome: str) -> dict[str, Any]:
        """Close the incident."""
        return close_incident.handler({**OF, "outcome": outcome, "error": {}})

    def page(
        self,
        link: str,
        method: str = "GET",
        form: dict[str, str] | None = None,
        *,
        query: dict[str, str] | None = None,
        body: str | None = None,
        **headers: str,
    ) -> Response:
        """Send the approval page a request, as API Gateway does (payload format 2.0)."""
        event = _request(f"/incidents/{link}", method, {"link": link})
        event["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
        if form is not None or body is not None:
            event["body"] = body or urlencode(form or {})
        if query:
            event["queryStringParameters"] = query
        return approval_page.handler(event)

    def command(self, principal: str, body: Any = None, *, method: str = "POST", incident: str = INCIDENT) -> Answer:
        """Send a request that IAM has authenticated; what is no text is sent as JSON."""
        event = _request(f"/decisions/{incident}", method, {"incident": incident})
        event["requestContext"]["authorizer"] = {"iam": {"userArn": principal, "accountId": "123456789012"}}
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = approval_command.handler(event)
        assert answer["headers"]["content-type"] == "application/json"
        return Answer(answer["statusCode"], json.loads(answer["body"]))


def _request(path: str, method: str, parameters: dict[str, str]) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.7"}},
        "pathParameters": parameters,
        "isBase64Encoded": False,
    }


def findings(
    *true: str,
    unknown: Iterable[str] = (),
    failed: Iterable[str] = (),
    facts: dict[str, dict[str, Any]] | None = None,
    evidence: dict[str, list[str]] | None = None,
    runbook: str = RUNBOOK,
) -> dict[str, Any]:
    """Write the findings of every check of a runbook as the state machine gathers them.

    Args:
        true: the signals that are true; every other one is false.
        unknown: the signals that are unknown.
        failed: the checks that failed.
        facts: facts by check.
        evidence: evidence by check.
        runbook: whose checks.
    """
    questions = compiled.read(runbook).questions
    asked = {f"{name}.{question}" for name in questions for question in questions[name]}
    assert asked >= {*true, *unknown}, f"no such signal: {sorted({*true, *unknown} - asked)}"
    answers: dict[str, Any] = {
        name: {
            "summary": f"{name} was looked at",
            "signals": {
                question: None if f"{name}.{question}" in unknown else f"{name}.{question}" in true
                for question in questions[name]
            },
            "facts": (facts or {}).get(name, {}),
            "evidence": (evidence or {}).get(name, []),
        }
        for name in questions
    }
    broken = {"error": "TimeoutError", "cause": '{"errorMessage": "no answer after 5 s", "errorType": "TimeoutError"}'}
    return answers | dict.fromkeys(failed, broken)
