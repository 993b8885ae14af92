"""What was not started, and why: nothing that arrives is lost."""

import hashlib
import json
import time
from typing import Any, Literal

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from functions.core.incidents import Conflict, Incidents, now
from functions.core.log import logger
from functions.core.redaction import redact

Reason = Literal["duplicate", "counted", "stale", "over", "muted", "unknown", "malformed", "too large", "stopped"]
WITH_AN_INCIDENT: set[Reason] = {"duplicate", "counted"}  # its own record says so
KEEP_DAYS = 30
MAX_TEXT = 255


class Ignored(Exception):
    """The event starts nothing; the message says why, in a sentence."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason: Reason = reason


def keep(incidents: Incidents, service: str, event: Any, ignored: Ignored) -> None:
    """Log and count what was not started; where no incident's record says why, write it down for a month."""
    why = redact(str(ignored))
    logger.warning("not started", reason=ignored.reason, why=why)
    if ignored.reason not in WITH_AN_INCIDENT:
        _write(incidents, event, {"reason": ignored.reason, "why": why})
    dimensions = {"service": service, "reason": ignored.reason}
    with single_metric("Not started", MetricUnit.Count, 1, namespace="Runbooks", default_dimensions=dimensions):
        pass


def _write(incidents: Incidents, event: Any, told: dict[str, str]) -> None:
    given = event if isinstance(event, dict) else {}
    detail = given["detail"] if isinstance(given.get("detail"), dict) else {}
    moment, digest = now(), hashlib.sha256(json.dumps(event).encode()).hexdigest()
    item = {
        **told,
        "at": moment,
        "source": _text(given.get("source")),
        "name": _text(detail.get("alarmName") or given.get("detail-type")),
        "expires": int(time.time()) + KEEP_DAYS * 86_400,
    }
    try:
        incidents.create(f"unstarted#{moment[:10]}", f"event#{_text(given.get('time')) or moment}#{digest[:10]}", item)
    except Conflict:
        return  # the same event, delivered again


def _text(given: Any) -> str:
    return redact(str(given or ""))[:MAX_TEXT]
