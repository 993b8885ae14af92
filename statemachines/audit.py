"""Compiles a service's audit: its checks in every region, and a report of the checklist that they prove good or bad."""

from typing import Any

from functions.core.audited import looks
from functions.core.results import LINE_LENGTH, LINES
from statemachines.audit_model import Audit
from statemachines.looking import Report, compile_looking
from statemachines.model import AuditUse, Service
from statemachines.states import Arn

LONGEST = 3600  # seconds: large accounts take minutes
# Step Functions hands on 256 KiB at once: of each look its signals, a summary, and evidence, where one line more tells
# how many were left out; a letter takes two bytes at most, but for few
ROOM, SIGNALS, LETTER = 240_000, 500, 2
EXECUTION = "$states.context.Execution"
REPORT = Report(
    function="workflow/report_audit",
    payload={"audit": f"{{% {EXECUTION}.Name %}}", "mail": f"{{% {EXECUTION}.Input.mail = true %}}"},
    comment="Computes the checklist, keeps it, and mails what has changed",
    failed="The audit itself failed: nothing is known that was not known before",
    done="The output says where the report is, and what it says",
)


def compile_audit(service: Service, use: AuditUse, audit: Audit, arn: Arn) -> dict[str, Any]:
    """Compile the audit of a service.

    Args:
        service: whose it is.
        use: how the service uses it.
        audit: what it asks.
        arn: the ARN of a function by its kind and name: check/…, workflow/….
    """
    comment = f'{audit.title}: {service.title}. Changes nothing. Start with {{}}, or {{"mail": true}} to be mailed'
    found = looks(service, audit, use.regions)
    return compile_looking(comment, LONGEST, found, REPORT, arn, _kept(len(found)))


def _kept(count: int) -> dict[str, str]:
    """Keep what the report reads of an answer: no facts, and of so many looks lines short enough to be handed on."""
    for_lines = ROOM // count - SIGNALS - LETTER * LINE_LENGTH
    length = min(LINE_LENGTH, for_lines // (LETTER * (LINES + 1)))
    answer = "$states.result.Payload"
    cut = f"function($line) {{ $length($line) > {length} ? $substring($line, 0, {length - 1}) & '…' : $line }}"
    return {
        "summary": f"{{% {answer}.summary %}}",
        "signals": f"{{% {answer}.signals %}}",
        "evidence": f"{{% [$map({answer}.evidence, {cut})] %}}",
    }
