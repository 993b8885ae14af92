"""Mail to approvers: plain text by SNS, one message per approver through the subscription's filter policy."""

import os
import unicodedata
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.core import language
from functions.core.aws import Session
from functions.core.template import readable

TEMPLATES = Path(__file__).parent.parent / "workflow" / "templates"
SUBJECT_LENGTH = 99
TYPOGRAPHY = str.maketrans({"’": "'", "«": '"', "»": '"', "–": "-", "…": "..."})


def templates() -> Environment:
    """Return the templates of mails and pages in the service's language.

    What is unknown to a template is an error, HTML is escaped.
    """
    return _templates(language.code())


@cache
def _templates(code: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters |= {"day": _day, "clock": _clock, "said": language.translated, "readable": readable}
    environment.globals["language"] = code
    vars(environment)["install_gettext_translations"](language.catalogue(code), newstyle=True)
    return environment


def _day(moment: str | int) -> str:
    """Write a moment (ISO 8601, or epoch seconds) as day and minute, UTC."""
    return f"{_utc(moment):%Y-%m-%d %H:%M} UTC"


def _clock(moment: str | int) -> str:
    """Write a moment as the time of day, UTC."""
    return f"{_utc(moment):%H:%M:%S}"


def _utc(moment: str | int) -> datetime:
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.fromtimestamp(moment, UTC)
    return read.astimezone(UTC)


def send(aws: Session, approver: str, *, subject: str, template: str, **values: Any) -> None:
    """Send one approver a mail.

    Args:
        aws: the session.
        approver: the mail address, which is also the filter policy's attribute.
        subject: one line; cut where SNS would refuse it.
        template: the name of a text template.
        values: what the template shows.
    """
    named = {"approver": {"DataType": "String", "StringValue": approver}}
    _publish(aws, os.environ["NOTIFICATIONS_TOPIC"], subject, template, values, MessageAttributes=named)


def announce(aws: Session, *, subject: str, template: str, **values: Any) -> None:
    """Tell everybody who hears of alarms on the automation itself, as `send` tells one approver."""
    _publish(aws, os.environ["OPERATIONS_TOPIC"], subject, template, values)


def _publish(aws: Session, topic: str, subject: str, template: str, values: dict[str, Any], **attributes: Any) -> None:
    text = templates().get_template(template).render(values)
    aws.client("sns").publish(TopicArn=topic, Subject=_subject(subject), Message=text, **attributes)


def _subject(text: str) -> str:
    """Make of a text what SNS takes as a subject: one line of ASCII, letters without their accents."""
    plain = unicodedata.normalize("NFKD", text.translate(TYPOGRAPHY))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    line = " ".join(letters.encode("ascii", "replace").decode().split())
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 3]}..."
