"""An audit's report as people and programs read it: one HTML page, Markdown, JSON; kept in S3, version by version."""

import json
from typing import Any
from urllib.parse import quote

from functions.core import mail, markdown
from functions.core.aws import Session
from functions.core.language import say
from functions.core.readiness import Report

TYPES = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "json": "application/json"}


def pages(report: Report) -> dict[str, str]:
    """Write the report in each form, by its file's ending."""
    return {
        "html": mail.templates().get_template("audit.html").render(report=report),
        "md": markdown.rendered("audit.md", report=report),
        "json": report.model_dump_json(indent=2),
    }


def last(aws: Session, bucket: str, name: str) -> dict[str, Any] | None:
    """Read the report of the last run; None where there is none.

    Raises:
        ClientError: where it cannot be read: then nobody knows what has changed.
        JSONDecodeError: where it is none, with what to do.
    """
    s3 = aws.client("s3")
    try:
        answer = s3.get_object(Bucket=bucket, Key=f"{name}.json")
    except s3.exceptions.NoSuchKey:
        return None
    try:
        known: dict[str, Any] = json.loads(answer["Body"].read())
    except json.JSONDecodeError as error:
        told = say("s3://{file} is no report: delete this version of it, and look again", file=f"{bucket}/{name}.json")
        raise json.JSONDecodeError(told, error.doc, error.pos) from error
    return known


def keep(aws: Session, bucket: str, name: str, written: dict[str, str]) -> dict[str, str]:
    """Put forms of the report, by their files' endings, into the bucket; return each one's version."""
    return {
        ending: aws.client("s3").put_object(
            Bucket=bucket, Key=f"{name}.{ending}", Body=text.encode(), ContentType=TYPES[ending]
        )["VersionId"]
        for ending, text in written.items()
    }


def link(region: str, bucket: str, name: str, version: str) -> str:
    """Return where people who may sign in to the account open the page: what is weak is nobody else's to read."""
    query = f"region={region}&prefix={quote(name)}.html&versionId={quote(version, safe='')}"
    return f"https://{region}.console.aws.amazon.com/s3/object/{bucket}?{query}"
