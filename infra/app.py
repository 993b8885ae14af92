"""The CDK app: the stacks of some services, and the kill switch of each place where they are."""

from collections.abc import Iterable, Mapping

from constructs import Construct

from infra.service_stack import ServiceStack
from infra.switch_stack import SwitchStack
from statemachines.audit_model import Audit
from statemachines.model import Runbook, Service


def stacks(
    app: Construct, services: Iterable[Service], runbooks: Mapping[str, Runbook], audits: Mapping[str, Audit]
) -> None:
    """Make every service's stack; each is deployed after the switch that its functions read."""
    switches: dict[tuple[str, str], SwitchStack] = {}
    for service in services:
        place = (service.account, service.region)
        switches[place] = switches.get(place) or SwitchStack(app, *place)
        ServiceStack(app, service, runbooks, audits).add_stack_dependency(switches[place])
