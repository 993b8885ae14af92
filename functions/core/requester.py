"""Who started an execution by hand: Step Functions does not say, so a person declares it and CloudTrail proves it."""

import json
from datetime import datetime, timedelta
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from functions.core.aws import Session
from functions.core.log import logger
from functions.core.plan import Risk
from statemachines.model import Service

AROUND = timedelta(minutes=2)
PAGES = 4


class Requester(BaseModel):
    """Who asked for the incident's work; `who` is a mail address, `principal` an IAM ARN, both empty where unknown.

    `proof` says how strong that is: CloudTrail saw it, the person said so in the execution's input, or nothing.
    """

    who: str = ""
    principal: str = ""
    proof: Literal["CloudTrail", "declared", "none"] = "none"

    @property
    def known(self) -> bool:
        """Say whether anything is known, be it an outsider's principal."""
        return self.proof != "none"


def of(record: dict[str, Any]) -> Requester | None:
    """Read the requester from an incident's record; None where no person started it."""
    return Requester.model_validate(record["requester"]) if "requester" in record else None


def proven(aws: Session, service: Service, record: dict[str, Any]) -> Requester | None:
    """Look the requester up in CloudTrail, which learns of an execution some minutes after its start.

    Returns:
        What the record says, or better; CloudTrail overrules what was declared. Where CloudTrail does not answer,
        nothing is known better.
    """
    known = of(record)
    if known is None or known.proof == "CloudTrail":
        return known
    try:
        principal = _starter(
            aws, f"{service.execution_arn(record['runbook'])}:{record['incident']}", record["opened_at"]
        )
    except (BotoCoreError, ClientError) as error:
        logger.warning("CloudTrail does not answer", incident=record["incident"], why=str(error))
        return known
    if not principal:
        return known
    return Requester(who=service.approver_of(principal), principal=principal, proof="CloudTrail")


def _starter(aws: Session, execution: str, opened_at: str) -> str:
    opened = datetime.fromisoformat(opened_at)
    pages = (
        aws.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "StartExecution"}],
            StartTime=opened - AROUND,
            EndTime=opened + AROUND,
            PaginationConfig={"MaxItems": PAGES * 50},
        )
    )
    for page in pages:
        for event in page["Events"]:
            seen = json.loads(event["CloudTrailEvent"])
            if (seen.get("responseElements") or {}).get("executionArn") == execution:
                return str(seen["userIdentity"].get("arn", ""))
    return ""


def demands(service: Service, risk: Risk, requester: Requester | None) -> dict[str, Any]:
    """Say how many people have to approve (`needed`), and who of them may not (`barred`).

    While it is not known who started it, two people are needed: at most one of them can be the one.
    """
    needed = service.approval.policy.people(risk)
    if requester is None or service.approval.own_requests == "allowed":
        return {"needed": needed, "barred": ""}
    if not requester.known:
        return {"needed": max(needed, 2) if needed else 0, "barred": ""}
    return {"needed": needed, "barred": requester.who}
