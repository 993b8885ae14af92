"""Mail to approvers: plain text by SNS, one message per approver through the subscription's filter policy."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.core.aws import Session

TEMPLATES = Path(__file__).parent.parent / "workflow" / "templates"
SUBJECT_LENGTH = 99


@cache
def templates() -> Environment:
    """Return the templates of mails and pages; what is unknown to a template is an error, HTML is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def send(aws: Session, approver: str, subject: str, template: str, **values: Any) -> None:
    """Send one approver a mail.

    Args:
        aws: the session.
        approver: the mail address, which is also the filter policy's attribute.
        subject: one line; cut where SNS would refuse it.
        template: the name of a text template.
        values: what the template shows.
    """
    aws.client("sns").publish(
        TopicArn=os.environ["NOTIFICATIONS_TOPIC"],
        Subject=_subject(subject),
        Message=templates().get_template(template).render(values),
        MessageAttributes={"approver": {"DataType": "String", "StringValue": approver}},
    )


def _subject(text: str) -> str:
    line = " ".join(text.split()).encode("ascii", "replace").decode()
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 3]}..."
