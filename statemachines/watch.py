"""Compiles a service's watch: the checks of the runbook that tells its level and of those that it starts."""

from collections.abc import Iterable
from typing import Any

from functions.core.drilled import looks
from statemachines.looking import Report, compile_looking
from statemachines.model import Runbook, Service
from statemachines.states import Arn

LEAST = 300  # seconds that it may take: a host that does not answer keeps each check waiting
EXECUTION = "$states.context.Execution"
REPORT = Report(
    function="workflow/report_watch",
    payload={"watch": f"{{% {EXECUTION}.Name %}}", "daily": f"{{% {EXECUTION}.Input.daily = true %}}"},
    comment="Tells the level, rings where a runbook is called for, and mails the checklist once a day",
    failed="The watch itself failed: how the service is is not known",
    done="The output says how the service is",
)


def compile_watch(service: Service, runbooks: Iterable[Runbook], arn: Arn) -> dict[str, Any]:
    """Compile the watch of a service that has one.

    Args:
        service: whose it is.
        runbooks: those that it uses; the watch makes the checks of some.
        arn: the ARN of a function by its kind and name: check/…, workflow/….
    """
    comment = f'Says how {service.title} is. Changes nothing. Start with {{}}, or {{"daily": true}} for the checklist'
    mine = [one for one in runbooks if one.name in service.looked_at]
    minutes = service.watch.minutes if service.watch else 0
    return compile_looking(comment, max(LEAST, minutes * 60), looks(service, mine), REPORT, arn)
