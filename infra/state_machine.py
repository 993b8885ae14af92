"""State machines, each with a role that invokes exactly the functions in it; and that of a runbook."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

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


class Machine(Construct):
    """A state machine; what its executions' states carry, task tokens among it, goes to no log."""

    def __init__(
        self, scope: Construct, construct: str, name: str, definition: dict[str, Any], functions: Functions
    ) -> None:
        super().__init__(scope, construct)
        group = log_group(self, f"/aws/vendedlogs/states/{name}")  # another prefix would use up CloudWatch's policy
        invoke = Grant(("lambda:InvokeFunction",), tuple(sorted(set(invoked(definition)))))
        self.machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition, ensure_ascii=False)),
            role=role(self, "states.amazonaws.com", [invoke, TRACES, SAMPLING, LOG_DELIVERY]),
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        self.machine.node.add_dependency(functions)


class RunbookMachine(Machine):
    """The state machine of one runbook of one service."""

    def __init__(self, scope: Construct, service: Service, runbook: Runbook, functions: Functions) -> None:
        """Compile the runbook."""
        chain = compile_chain(runbook, service, functions.arn)
        super().__init__(scope, f"Runbook-{runbook.name}", service.state_machine_name(runbook.name), chain, functions)
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
