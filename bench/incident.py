"""One incident, followed from the alarm to its end."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from bench.history import History
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.mailbox import Mail
from sandbox.watch import executions, follow, next_execution
from statemachines import load

SERVICE, RUNBOOK = "ganopa-bot", "webhook_unavailable"
BROKEN = "closed-port"
ALARM = f"{SERVICE}-unhealthy-hosts"
ALARMS = [name for name, runbook in load.services()[SERVICE].alarms.items() if runbook == RUNBOOK]
MACHINE = load.services()[SERVICE].state_machine_arn(RUNBOOK)
SECONDS = 90
STEADY = timedelta(seconds=10)


class Incident:
    """An execution that an alarm has started."""

    def __init__(self, sandbox: Sandbox, execution: str) -> None:
        """Follow an execution by its ARN."""
        self.sandbox, self.execution = sandbox, execution

    @property
    def mail(self) -> Mail:
        """The mail that asks for approval: the first approver's."""
        name = self.execution.rpartition(":")[2]
        return self.sandbox.mailbox.wait_for(lambda one: "/incidents/" in one.body and name in one.body, SECONDS)

    @property
    def seconds_to_mail(self) -> float:
        """The time from the alarm's transition to the mail in the mailbox."""
        alarms = self.sandbox.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
        rang: datetime = alarms[0]["StateUpdatedTimestamp"]
        return (datetime.fromisoformat(self.mail.time) - rang).total_seconds()

    def end(self, decision: Literal["approve", "reject"]) -> History:
        """Decide through the link in the mail, wait for the execution's end, and return its history."""
        link = approver.LINK.findall(self.mail.body)[0]
        approver.decide(link, decision, "measured")
        for _ in follow(self.sandbox, self.execution):
            pass
        return History.read(self.sandbox, self.execution)


def calm(sandbox: Sandbox) -> None:
    """Heal the service, and stop whatever an alarm on the way has started."""
    sandbox.world.heal()
    stop(sandbox)


def stop(sandbox: Sandbox) -> None:
    """Stop every execution that runs."""
    states = sandbox.client("stepfunctions")
    for running in states.list_executions(stateMachineArn=MACHINE, statusFilter="RUNNING")["executions"]:
        states.stop_execution(executionArn=running["executionArn"])


def happen(sandbox: Sandbox) -> Incident:
    """Break the service and wait for the incident that the alarm starts."""
    known = executions(sandbox, MACHINE)
    sandbox.world.break_(BROKEN)
    return Incident(sandbox, next_execution(sandbox, MACHINE, SECONDS, known))


def ring(sandbox: Sandbox) -> Incident:
    """Set the alarm of the broken service to OK, so that CloudWatch finds it in ALARM anew."""
    known = executions(sandbox, MACHINE)
    sandbox.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="Bench: the next round")
    return Incident(sandbox, next_execution(sandbox, MACHINE, SECONDS, known))


def steady(sandbox: Sandbox) -> bool:
    """Tell whether every alarm of the runbook has been in ALARM for a while: from then on only `ring` changes one."""
    alarms = sandbox.client("cloudwatch").describe_alarms(AlarmNames=ALARMS)["MetricAlarms"]
    long_ago = datetime.now(UTC) - STEADY
    return all(one["StateValue"] == "ALARM" and one["StateUpdatedTimestamp"] < long_ago for one in alarms)
