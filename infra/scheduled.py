"""A state machine that schedules start: what a service's drill and its watch have in common."""

from typing import Any

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import Functions, role
from infra.grants import Grant
from infra.state_machine import Machine
from statemachines.model import Service

ATTEMPTS, LATEST = 5, Duration.hours(1)


class Scheduled(Machine):
    """A state machine; its schedules may start it, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        service: Service,
        called: str,
        definition: dict[str, Any],
        functions: Functions,
        dead_letters: sqs.IQueue,
    ) -> None:
        """Make the state machine, called as the service and this word."""
        self._service, self._dead_letters = service, dead_letters
        self._name, self._arn = service.state_machine_name(called), service.state_machine_arn(called)
        super().__init__(scope, called.title(), self._name, definition, functions)

    def daily(self, clock: str, description: str, given: dict[str, Any], suffix: str = "") -> None:
        """Start it every day at an hour of the service's time zone."""
        hour, minute = map(int, clock.split(":"))
        zone = TimeZone.of(self._service.timezone)
        when = scheduler.ScheduleExpression.cron(minute=str(minute), hour=str(hour), time_zone=zone)
        self._schedule("Daily", when, description, given, suffix, LATEST)

    def every(self, minutes: int, description: str) -> None:
        """Start it again and again; what cannot be started is left to the next time."""
        when = scheduler.ScheduleExpression.rate(Duration.minutes(minutes))
        self._schedule("Often", when, description, {}, "", Duration.minutes(max(1, minutes)))

    def _schedule(
        self,
        construct: str,
        when: scheduler.ScheduleExpression,
        description: str,
        given: dict[str, Any],
        suffix: str,
        latest: Duration,
    ) -> None:
        scope = Construct(self, construct)
        may = [
            Grant(("states:StartExecution",), (self._arn,)),
            Grant(("sqs:SendMessage",), (self._dead_letters.queue_arn,)),
        ]
        scheduler.Schedule(
            scope,
            "Schedule",
            schedule_name=f"{self._name}{suffix}",
            description=description,
            schedule=when,
            target=targets.StepFunctionsStartExecution(
                self.machine,
                input=scheduler.ScheduleTargetInput.from_object(given),
                role=role(scope, "scheduler.amazonaws.com", may),
                dead_letter_queue=self._dead_letters,
                max_event_age=latest,
                retry_attempts=ATTEMPTS,
            ),
        )
