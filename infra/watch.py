"""The watch of a service: its state machine, and the schedules that start it every few minutes and every day."""

from collections.abc import Iterable

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import Functions
from infra.scheduled import Scheduled
from statemachines.model import WATCH, Runbook, Service, Watch
from statemachines.watch import compile_watch


class WatchMachine(Scheduled):
    """The state machine and its schedules."""

    def __init__(
        self,
        scope: Construct,
        service: Service,
        watch: Watch,
        runbooks: Iterable[Runbook],
        functions: Functions,
        dead_letters: sqs.IQueue,
    ) -> None:
        definition = compile_watch(service, runbooks, functions.arn)
        super().__init__(scope, service, WATCH, definition, functions, dead_letters)
        self.every(watch.minutes, f"Says how {service.name} is")
        self.daily(watch.daily, f"Mails every day how {service.name} is", {"daily": True}, "-daily")
