"""The stack of one service: everything that its runbooks need, in the service's own account and region."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_stepfunctions import StateMachine
from constructs import Construct

from functions.core.stops import ONE_SERVICE, switches
from infra.alarms import Alarms, missed, unwatched, watched
from infra.approval import ApprovalApi
from infra.audit import AuditMachine, kept, reports
from infra.drill import Drill
from infra.functions import Functions
from infra.hosts import Documents
from infra.mail import notifications, operations
from infra.state_machine import RunbookMachine
from infra.store import IncidentTable, token_key
from infra.switch_stack import kill_switch
from infra.triggers import Triggers
from infra.watch import WatchMachine
from statemachines.audit_model import Audit
from statemachines.model import AUDIT, DRILL, WATCH, Runbook, Service


class ServiceStack(Stack):
    """A service's runbooks, deployed."""

    def __init__(
        self, scope: Construct, service: Service, runbooks: Mapping[str, Runbook], audits: Mapping[str, Audit]
    ) -> None:
        """Make the stack of a service that uses some of these runbooks and audits, and nothing for others."""
        super().__init__(
            scope,
            service.name,
            description=f"Runbooks of {service.title}",
            env=Environment(account=service.account, region=service.region),
            tags={"service": service.name},
        )
        mine = [runbooks[name] for name in service.runbooks]
        table, dead_letters, key = IncidentTable(self), _dead_letters(self), token_key(self, service.name)
        topic, alarmed = notifications(self, service, dead_letters), operations(self, service, dead_letters)
        topics = {"topic": topic.topic_arn, "operations": alarmed.topic_arn}
        own = {"table": table.table_arn, "key": key.key_arn, **topics, **_named(service)}
        audit = audits[service.audit.audit] if service.audit else None
        variables = {"table": table.table_name, "key": key.key_arn, **topics}
        if audit:
            variables["audits"] = reports(self, service).bucket_name
            own |= kept(service, audit)
        kill_switch(self, ONE_SERVICE.format(service=service.name), service.title)
        Documents(self, service, mine)
        functions = Functions(self, service, mine, audit, own, variables, dead_letters)
        page, command = functions["workflow/approval_page"], functions["workflow/approval_command"]
        approval = ApprovalApi(self, service, page, command)
        functions["workflow/request_approval"].add_environment("APPROVAL_URL", approval.url)
        machines = self._machines(service, mine, audit, functions, dead_letters)
        Triggers(self, service, functions["workflow/dispatch"], functions["workflow/tidy_up"], dead_letters)
        numbers = [*watched(functions, machines, dead_letters), *missed(service), *unwatched(service)]
        Alarms(self, service, numbers, alarmed)
        CfnOutput(self, "ApprovalUrl", value=approval.url)
        CfnOutput(self, "IncidentsTable", value=table.table_name)
        CfnOutput(self, "NotificationsTopic", value=topic.topic_arn)

    def _machines(
        self,
        service: Service,
        runbooks: list[Runbook],
        audit: Audit | None,
        functions: Functions,
        dead_letters: sqs.IQueue,
    ) -> dict[str, StateMachine]:
        """Make the state machines, by the runbook's name, the drill's, the watch's and the audit's among them."""
        machines = {one.name: RunbookMachine(self, service, one, functions).machine for one in runbooks}
        machines[DRILL] = Drill(self, service, runbooks, functions, dead_letters).machine
        if service.watch:
            machines[WATCH] = WatchMachine(self, service, service.watch, runbooks, functions, dead_letters).machine
        if audit and service.audit:
            machines[AUDIT] = AuditMachine(self, service, service.audit, audit, functions, dead_letters).machine
        for name, machine in machines.items():
            CfnOutput(self, f"StateMachine{name.title().replace('_', '')}", value=machine.state_machine_arn)
        return machines


def _named(service: Service) -> dict[str, list[str]]:
    """Return the ARNs of what has its name from the service's file."""
    place = f"arn:aws:ssm:{service.region}:{service.account}:parameter"
    return {
        "switches": [f"{place}{name}" for name in switches(service.name)],
        "state_machines": [service.state_machine_arn(name) for name in service.runbooks],
        "executions": [f"{service.execution_arn(name)}:*" for name in service.runbooks],
    }


def _dead_letters(stack: Stack) -> sqs.Queue:
    return sqs.Queue(
        stack,
        "DeadLetters",
        queue_name=f"{stack.stack_name}-dead-letters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
