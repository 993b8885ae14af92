"""The drill of a service: its state machine, and the schedule that starts it every day."""

from collections.abc import Iterable

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import Functions, role
from infra.grants import Grant
from infra.state_machine import Machine
from statemachines.drill import compile_drill
from statemachines.model import DRILL, Runbook, Service

ATTEMPTS, LATEST = 5, Duration.hours(1)


class Drill(Machine):
    """The state machine; the schedule may start it, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        service: Service,
        runbooks: Iterable[Runbook],
        functions: Functions,
        dead_letters: sqs.IQueue,
    ) -> None:
        name, definition = service.state_machine_name(DRILL), compile_drill(service, runbooks, functions.arn)
        super().__init__(scope, "Drill", name, definition, functions)
        self._start_daily(service, dead_letters)

    def _start_daily(self, service: Service, dead_letters: sqs.IQueue) -> None:
        daily, (hour, minute) = Construct(self, "Daily"), service.drill.at.split(":")
        may = [
            Grant(("states:StartExecution",), (service.state_machine_arn(DRILL),)),
            Grant(("sqs:SendMessage",), (dead_letters.queue_arn,)),
        ]
        scheduler.Schedule(
            daily,
            "Schedule",
            schedule_name=service.state_machine_name(DRILL),
            description=f"Says every day what the runbooks of {service.name} rely on and is stale",
            schedule=scheduler.ScheduleExpression.cron(
                minute=str(int(minute)), hour=str(int(hour)), time_zone=TimeZone.of(service.timezone)
            ),
            target=targets.StepFunctionsStartExecution(
                self.machine,
                input=scheduler.ScheduleTargetInput.from_object({}),
                role=role(daily, "scheduler.amazonaws.com", may),
                dead_letter_queue=dead_letters,
                max_event_age=LATEST,
                retry_attempts=ATTEMPTS,
            ),
        )
