"""Bare boto3: the least program that makes one of the same calls."""

from itertools import chain
from typing import Any, NamedTuple

from functions.core.function import Function
from sandbox.cloud import Sandbox

IDENTITY = "sts"  # what stands in for a function that calls no AWS service


class Call(NamedTuple):
    """A client, one of its methods, and the parameters."""

    service: str
    method: str
    parameters: dict[str, Any]

    @property
    def program(self) -> str:
        """The program that makes the call."""
        return f"import boto3\nboto3.client({self.service!r}).{self.method}(**{self.parameters!r})"


def programs(function: Function, calls: dict[str, Call]) -> list[str]:
    """Write a program for each service that a function declares to use, in the order of its declarations."""
    actions = chain.from_iterable(one.actions for one in (*function.permissions, *function.bookkeeping))
    services = dict.fromkeys(action.partition(":")[0] for action in actions)
    return [calls[one].program for one in services if one in calls] or [calls[IDENTITY].program]


def calls(sandbox: Sandbox, table: str, state_machine: str) -> dict[str, Call]:
    """Return one call that functions make, for each service by its name in IAM actions."""
    names = sandbox.world.names
    service = {"cluster": names.cluster, "services": [names.ecs_service]}
    key = {"incident": {"S": "bench"}, "item": {"S": "record"}}
    return {
        "cloudtrail": Call("cloudtrail", "lookup_events", {}),
        "cloudwatch": Call("cloudwatch", "describe_alarms", {}),
        "dynamodb": Call("dynamodb", "get_item", {"TableName": table, "Key": key}),
        "ec2": Call("ec2", "describe_security_groups", {"GroupIds": [names.task_security_group]}),
        "ecr": Call("ecr", "describe_images", {"repositoryName": names.repository}),
        "ecs": Call("ecs", "describe_services", service),
        "elasticloadbalancing": Call("elbv2", "describe_target_health", {"TargetGroupArn": names.target_group}),
        "kms": Call("kms", "list_aliases", {}),
        "logs": Call("logs", "filter_log_events", {"logGroupName": names.log_group}),
        "sns": Call("sns", "list_topics", {}),
        "states": Call("stepfunctions", "list_executions", {"stateMachineArn": state_machine}),
        IDENTITY: Call("sts", "get_caller_identity", {}),
    }
