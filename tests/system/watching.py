"""One watch on the deployed template, started as its schedules would, as a test sees it."""

import time
from datetime import UTC, datetime, timedelta

from sandbox import schedules
from sandbox.cloud import Sandbox
from sandbox.mailbox import Mail
from statemachines.model import WATCH, Service
from tests.system.run import Run


class Watch:
    """One watch that has ended, and what was said about it."""

    def __init__(self, sandbox: Sandbox, service: Service, *, daily: bool = False) -> None:
        self._sandbox, self._service, self._start = sandbox, service, next_second()
        known, machine = len(sandbox.mailbox.messages()), service.state_machine_name(WATCH)
        self.run = Run(sandbox, schedules.start(f"{machine}-daily" if daily else machine), service)
        self.report = self.run.end()
        assert self.report["status"] == "SUCCEEDED", self.report
        self.mails: list[Mail] = [one for one in sandbox.mailbox.messages()[known:] if machine in one.body]
        self.level = self.report["level"]
        self.lines = {line["title"]: line for line in self.report["checklist"]}

    def counted(self, name: str, **dimensions: str) -> float | None:
        """What it has emitted of a metric; None where it has emitted nothing."""
        asked = {"service": self._service.name, **dimensions}
        found = self._sandbox.client("cloudwatch").get_metric_statistics(
            Namespace="Runbooks",
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in asked.items()],
            StartTime=self._start,
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(one["Sum"] for one in found) if found else None


def next_second() -> datetime:
    """Wait for the next whole second: CloudWatch reads from whole seconds on, what was before is another's."""
    time.sleep(1 - datetime.now(UTC).microsecond / 1e6)
    return datetime.now(UTC)


def states(sandbox: Sandbox, service: Service) -> dict[str, str]:
    """Return the states of the alarms that the watch rings."""
    found = sandbox.client("cloudwatch").describe_alarms(AlarmNames=list(service.alarms))["MetricAlarms"]
    return {one["AlarmName"]: one["StateValue"] for one in found}
