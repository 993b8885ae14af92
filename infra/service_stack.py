"""The stack of one service: everything that its runbooks need, in the service's own account and region."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Alarms, watched
from infra.approval import ApprovalApi
from infra.functions import Functions
from infra.mail import notifications, operations
from infra.state_machine import RunbookMachine
from infra.store import IncidentTable, token_key
from infra.triggers import Triggers
from statemachines.compile import compiled
from statemachines.model import Runbook, Service


class ServiceStack(Stack):
    """A service's runbooks, deployed."""

    def __init__(self, scope: Construct, service: Service, runbooks: Mapping[str, Runbook]) -> None:
        """Make the stack of a service that uses these runbooks, and nothing for others."""
        super().__init__(
            scope,
            service.name,
            description=f"Runbooks of {service.title}",
            env=Environment(account=service.account, region=service.region),
            tags={"service": service.name},
        )
        mine = [runbooks[name] for name in service.runbooks]
        table, dead_letters, key = IncidentTable(self), _dead_letters(self), token_key(self, service.name)
        topic = notifications(self, service, dead_letters)
        own = {
            "table": table.table_arn,
            "topic": topic.topic_arn,
            "key": key.key_arn,
            "state_machines": [compiled(service, runbook).state_machine for runbook in mine],
        }
        variables = {"table": table.table_name, "topic": topic.topic_arn, "key": key.key_arn}
        functions = Functions(self, service, mine, own, variables, dead_letters)
        approval = ApprovalApi(
            self, service, functions["workflow/approval_page"], functions["workflow/approval_command"]
        )
        functions["workflow/request_approval"].add_environment("APPROVAL_URL", approval.url)
        machines = {one.name: RunbookMachine(self, service, one, functions).machine for one in mine}
        Triggers(self, service, functions["workflow/dispatch"], dead_letters)
        numbers = watched(functions, machines, dead_letters)
        Alarms(self, service, numbers, operations(self, service, dead_letters))
        CfnOutput(self, "ApprovalUrl", value=approval.url)
        CfnOutput(self, "IncidentsTable", value=table.table_name)
        CfnOutput(self, "NotificationsTopic", value=topic.topic_arn)
        for name, machine in machines.items():
            CfnOutput(self, f"StateMachine{name.title().replace('_', '')}", value=machine.state_machine_arn)


def _dead_letters(stack: Stack) -> sqs.Queue:
    return sqs.Queue(
        stack,
        "DeadLetters",
        queue_name=f"{stack.stack_name}-dead-letters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
