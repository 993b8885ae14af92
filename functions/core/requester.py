"""Who started an execution by hand: Step Functions does not say, so a person declares it and CloudTrail proves it."""

import json
from datetime import datetime, timedelta
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from functions.core.aws import Session
from functions.core.language import marked, translated
from functions.core.log import logger
from functions.core.plan import Risk
from statemachines.model import Service

PROOFS = {"CloudTrail": marked("CloudTrail saw it"), "declared": marked("in their own words"), "none": ""}
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
    def told(self) -> str:
        """How strong it is, as a person reads it."""
        return translated(PROOFS[self.proof])

    @property
    def proven(self) -> bool:
        """Say whether it is certain which approver that was: what a person says of themselves is not."""
        return self.proof == "CloudTrail" and bool(self.who)


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
        execution = f"{service.execution_arn(record['runbook'])}:{record['incident']}"
        principals = _starters(aws, execution, record["opened_at"])
    except (BotoCoreError, ClientError) as error:
        logger.warning("CloudTrail does not answer", incident=record["incident"], why=str(error))
        return known
    if not principals:
        return known
    people = {service.approver_of(one) for one in principals}
    who = people.pop() if len(people) == 1 else ""
    return Requester(who=who, principal=", ".join(principals), proof="CloudTrail")


def _starters(aws: Session, execution: str, opened_at: str) -> list[str]:
    """List the principals that have asked for an execution: the same start, repeated, yields the same one."""
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
    seen = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
    starts = [one for one in seen if (one.get("responseElements") or {}).get("executionArn") == execution]
    return sorted({str(one["userIdentity"]["arn"]) for one in starts if one["userIdentity"].get("arn")})


def demands(service: Service, risk: Risk, requester: Requester | None) -> dict[str, Any]:
    """Say how many people have to approve (`needed`), and who of them may not (`barred`).

    While it is not proven which approver started it, one person more is needed: at most one of them can be the one.
    """
    needed = service.approval.policy.people(risk)
    if requester is None or service.approval.own_requests == "allowed":
        return {"needed": needed, "barred": ""}
    if requester.proven:
        return {"needed": needed, "barred": requester.who}
    return {"needed": needed + 1 if needed else 0, "barred": ""}
