"""Compiles a service's audit: its checks in every region, and a report of the checklist that they prove good or bad."""

from typing import Any

from functions.core.audited import looks
from statemachines.audit_model import Audit
from statemachines.looking import Report, compile_looking
from statemachines.model import AuditUse, Service
from statemachines.states import Arn

LONGEST = 3600  # seconds: large accounts take minutes
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
    return compile_looking(comment, LONGEST, looks(service, audit, use.regions), REPORT, arn)
