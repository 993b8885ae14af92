"""Reports an audit: computes the checklist, keeps it in S3, mails what has changed, and counts that it ran."""

import os
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions.core import mail, published, readiness
from functions.core.aws import Session
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.readiness import Report
from functions.core.results import Parameters
from functions.core.step import step
from statemachines import compiled_audit
from statemachines.model import AUDIT, DAYS, AuditUse, Service


class Audited(Parameters):
    """The audit, which is its execution's name; whether it is to be mailed in any case; and what its checks found."""

    audit: str
    mail: bool
    findings: dict[str, Any]


@step(
    allow("sns:Publish", on="{topic}"),
    allow("s3:GetObject", "s3:PutObject", on="{audits}"),
    allow("s3:ListBucket", on="{audits_bucket}"),
)
def handler(event: Audited, aws: Session) -> dict[str, Any]:
    """Compute the checklist and keep it; mail every approver where it has changed, once a week in any case.

    Returns:
        service, audit, the result in a few words, the status of each row, what has changed, the page's link, and who
        was mailed.
    """
    audited = compiled_audit.read()
    service, use, name = audited.service, audited.service.audit, audited.audit.name
    if use is None:
        raise LookupError(say("{service} uses no audit", service=service.name))
    bucket = os.environ["AUDITS_BUCKET"]
    report = readiness.report(audited, use.regions, event.findings, published.last(aws, bucket, name))
    written = published.pages(report)
    compared = {"json": written.pop("json")}
    link = published.link(service.region, bucket, name, published.keep(aws, bucket, name, written)["html"])
    told = _tell(aws, service, report, link) if event.mail or _due(service, use, report) else []
    published.keep(aws, bucket, name, compared)  # last: had a mail failed, who tries again finds the same changes
    _count(report)
    return {
        "service": service.name,
        "audit": event.audit,
        "result": report.result,
        "rows": {row.name: row.status for row in report.rows},
        "changes": None if report.changes is None else [one.model_dump() for one in report.changes],
        "link": link,
        "told": told,
    }


def _count(report: Report) -> None:
    metrics = Metrics(namespace="Runbooks", service=report.service)
    metrics.add_metric("Audit", MetricUnit.Count, 1)
    for status, count in report.counts.items():
        metrics.add_metric(f"Rows {status}", MetricUnit.Count, count)
    metrics.flush_metrics()


def _due(service: Service, use: AuditUse, report: Report) -> bool:
    """Say whether people want to hear of it: something has changed, or it is the day on which they do anyway."""
    today = DAYS[datetime.now(UTC).astimezone(ZoneInfo(service.timezone)).weekday()]
    return report.changes is None or bool(report.changes) or today == use.day


def _tell(aws: Session, service: Service, report: Report, link: str) -> list[str]:
    """Mail every approver."""
    told = {"service": service.name, "audit": report.audit, "result": report.result}
    for approver in service.approvers:
        mail.send(
            aws,
            approver,
            subject=say("[{service}] {audit}: {result}", **told),
            template="audit.txt",
            report=report,
            link=link,
            machine=service.state_machine_name(AUDIT),
        )
    return list(service.approvers)
