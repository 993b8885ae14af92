"""A runbook's state machine: the compiled chain, with a role that invokes exactly the functions in it."""

import json
from collections.abc import Iterator, Mapping

from aws_cdk import Tags
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions import TRACES, Functions, log_group, role
from infra.grants import Grant
from statemachines.chain import compile_chain
from statemachines.model import Runbook, Service

SAMPLING = Grant(("xray:GetSamplingRules", "xray:GetSamplingTargets"), ("*",))
LOG_DELIVERY = Grant(
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    ("*",),
)


class RunbookMachine(Construct):
    """The state machine of one runbook of one service."""

    def __init__(self, scope: Construct, service: Service, runbook: Runbook, functions: Functions) -> None:
        """Compile the runbook; what the execution's states carry, the task token among it, goes to no log."""
        super().__init__(scope, f"Runbook-{runbook.name}")
        chain = compile_chain(runbook, service, functions.arn)
        name = service.state_machine_name(runbook.name)
        group = log_group(self, f"/aws/vendedlogs/states/{name}")  # another prefix would use up CloudWatch's policy
        invoke = Grant(("lambda:InvokeFunction",), tuple(sorted(set(invoked(chain)))))
        self.machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(chain, ensure_ascii=False)),
            role=role(self, "states.amazonaws.com", [invoke, TRACES, SAMPLING, LOG_DELIVERY]),
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        self.machine.node.add_dependency(functions)
        Tags.of(self.machine).add("runbook", runbook.name)
        Tags.of(self.machine).add("title", runbook.title)


def invoked(chain: object) -> Iterator[str]:
    """Find the ARNs of the functions that a chain's states call, each once or more."""
    if isinstance(chain, Mapping):
        if "FunctionName" in chain:
            yield chain["FunctionName"]
        for value in chain.values():
            yield from invoked(value)
    elif isinstance(chain, list):
        for value in chain:
            yield from invoked(value)
