"""The drill of a service: its state machine, and the schedule that starts it every day."""

from collections.abc import Iterable

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import Functions
from infra.scheduled import Scheduled
from statemachines.drill import compile_drill
from statemachines.model import DRILL, Runbook, Service


class Drill(Scheduled):
    """The state machine and its schedule."""

    def __init__(
        self,
        scope: Construct,
        service: Service,
        runbooks: Iterable[Runbook],
        functions: Functions,
        dead_letters: sqs.IQueue,
    ) -> None:
        definition = compile_drill(service, runbooks, functions.arn)
        super().__init__(scope, service, DRILL, definition, functions, dead_letters)
        self.daily(service.drill.at, f"Says every day what the runbooks of {service.name} rely on and is stale", {})
