"""The stack of one service: everything that its runbooks need, in the service's own account and region."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.core.stops import ONE_SERVICE, switches
from infra.alarms import Alarms, watched
from infra.approval import ApprovalApi
from infra.functions import Functions
from infra.mail import notifications, operations
from infra.state_machine import RunbookMachine
from infra.store import IncidentTable, token_key
from infra.switch_stack import kill_switch
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
            "switches": _switches(service),
            "state_machines": [compiled(service, runbook).state_machine for runbook in mine],
            "executions": [f"{service.execution_arn(runbook.name)}:*" for runbook in mine],
        }
        kill_switch(self, ONE_SERVICE.format(service=service.name), service.title)
        variables = {"table": table.table_name, "topic": topic.topic_arn, "key": key.key_arn}
        functions = Functions(self, service, mine, own, variables, dead_letters)
        page, command = functions["workflow/approval_page"], functions["workflow/approval_command"]
        approval = ApprovalApi(self, service, page, command)
        functions["workflow/request_approval"].add_environment("APPROVAL_URL", approval.url)
        machines = {one.name: RunbookMachine(self, service, one, functions).machine for one in mine}
        Triggers(self, service, functions["workflow/dispatch"], functions["workflow/tidy_up"], dead_letters)
        numbers = watched(functions, machines, dead_letters)
        Alarms(self, service, numbers, operations(self, service, dead_letters))
        CfnOutput(self, "ApprovalUrl", value=approval.url)
        CfnOutput(self, "IncidentsTable", value=table.table_name)
        CfnOutput(self, "NotificationsTopic", value=topic.topic_arn)
        for name, machine in machines.items():
            CfnOutput(self, f"StateMachine{name.title().replace('_', '')}", value=machine.state_machine_arn)


def _switches(service: Service) -> list[str]:
    place = f"arn:aws:ssm:{service.region}:{service.account}:parameter"
    return [f"{place}{name}" for name in switches(service.name)]


def _dead_letters(stack: Stack) -> sqs.Queue:
    return sqs.Queue(
        stack,
        "DeadLetters",
        queue_name=f"{stack.stack_name}-dead-letters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
