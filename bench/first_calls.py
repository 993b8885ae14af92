"""Calls every deployed function as its first invocation would, and boto3 as plainly as that can be done."""

import uuid
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from bench.incident import RUNBOOK, SERVICE
from functions.core import approval, catalogue
from functions.core.diagnosis import Findings, diagnose
from functions.core.function import Function
from functions.core.incidents import RECORD, now
from functions.core.plan import Plan, Step
from functions.core.template import fill
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.lambda_function import FunctionConfig
from sandbox.lambda_functions import config, deployed
from statemachines import load
from statemachines.compile import compiled

FOREVER = 2**33


class FirstCalls:
    """Writes programs; what a call needs in the incident table is put there, each time for an incident of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Look up what is deployed."""
        self.incidents = incidents(sandbox, SERVICE)
        self.runbook = compiled(load.services()[SERVICE], load.runbooks()[RUNBOOK])
        pages = sandbox.client("lambda").get_paginator("list_functions").paginate()
        names = [one["FunctionName"] for one in chain.from_iterable(page["Functions"] for page in pages)]
        self.functions: list[FunctionConfig] = [
            one for one in (config(deployed(name)) for name in names) if one.handler.startswith("functions.")
        ]

    def program(self, function: FunctionConfig) -> str:
        """Write the program that imports a function's handler and calls it once."""
        module = function.handler.removesuffix(".handler")
        return f"import {module}\n{module}.handler({self._event(_of(function))!r})"

    def bare(self, function: FunctionConfig) -> list[str]:
        """Write, for each service that a function declares to use, the program that calls it once with bare boto3."""
        used = _of(function)
        actions = chain.from_iterable(one.actions for one in (*used.permissions, *used.bookkeeping))
        services = list(dict.fromkeys(action.partition(":")[0] for action in actions)) or ["sts"]
        calls = self._calls()
        return [
            f"import boto3\nboto3.client({calls[one][0]!r}).{calls[one][1]}(**{calls[one][2]!r})" for one in services
        ]

    def _calls(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Give each service, by its name in IAM, one call that a function makes: client, method, parameters."""
        names: dict[str, Any] = self.runbook.service.resources
        service = {"cluster": names["cluster"], "services": [names["ecs_service"]]}
        key = {"incident": {"S": "bench"}, "item": {"S": RECORD}}
        return {
            "cloudwatch": ("cloudwatch", "describe_alarms", {}),
            "dynamodb": ("dynamodb", "get_item", {"TableName": self.incidents.table, "Key": key}),
            "ec2": ("ec2", "describe_security_groups", {"GroupIds": [names["task_security_group"]]}),
            "ecr": ("ecr", "describe_images", {"repositoryName": names["repository"]}),
            "ecs": ("ecs", "describe_services", service),
            "elasticloadbalancing": ("elbv2", "describe_target_health", {"TargetGroupArn": names["target_group"]}),
            "logs": ("logs", "filter_log_events", {"logGroupName": names["log_group"]}),
            "sns": ("sns", "list_topics", {}),
            "states": ("stepfunctions", "list_executions", {"stateMachineArn": self.runbook.state_machine}),
            "sts": ("sts", "get_caller_identity", {}),
        }

    def _event(self, function: Function) -> dict[str, Any]:
        if function.kind == "check":
            use = next(one for one in self.runbook.runbook.checks.values() if one.check == function.name)
            return {"parameters": self._filled(use.with_)}
        incident = f"bench-{uuid.uuid4()}"
        if function.kind == "fix":
            self._open(incident, function.name)
            return {"incident": incident, "round": 1, "step": 0}
        if function.name != "open_incident":
            self._open(incident, self.runbook.runbook.fixes[0].fix)
        return {"incident": incident, "runbook": RUNBOOK} | self._particular(function.name, incident)

    def _particular(self, step: str, incident: str) -> dict[str, Any]:
        """Give what one step of the chain is told besides the incident; those from outside know nothing of it."""
        http = {"method": "GET", "sourceIp": "192.0.2.1"}
        page = {
            "rawPath": f"/incidents/{incident}",
            "pathParameters": {"link": incident},
            "requestContext": {"http": http},
        }
        alarm = {"alarmName": next(iter(self.runbook.service.alarms)), "state": {"value": "ALARM"}}
        particular: dict[str, dict[str, Any]] = {
            "approval_page": page | {"headers": {}},
            "close_incident": {"outcome": "recovered", "error": {}},
            "conclude": {"findings": {}},
            "dispatch": {
                "source": "aws.cloudwatch",
                "detail-type": "",
                "time": f"{datetime.now(UTC)}",
                "detail": alarm,
            },
            "escalate": {"outcome": "manual", "error": {}},
            "judge": {"findings": {}, "attempt": 1},
            "open_incident": {"input": {}},
            "request_approval": {"round": 2, "token": "token"},
            "target_lock": {"action": "release"},
        }
        return particular[step]

    def _open(self, incident: str, fix: str) -> None:
        """Write an open incident with one approved question and its link."""
        diagnosis = diagnose(self.runbook.runbook, Findings({}, self.runbook.questions), self.runbook.service.resources)
        plan = self._plan(fix)
        texts = {"diagnosis": diagnosis.model_dump_json(), "plan": plan.model_dump_json()}
        record = {"runbook": RUNBOOK, "state": "open", "opened_at": now(), "trigger": {}, **texts}
        question = {"digest": plan.digest, "token": "token", "asked_at": now(), "until": FOREVER, "told": True, **texts}
        decision = {"round": 1, "state": "approved", "decided_at": now()}
        self.incidents.create(incident, RECORD, record)
        self.incidents.create(incident, approval.item(1), question | decision)
        link = {"of": incident, "round": 1, "approver": self.runbook.service.approvers[0]}
        self.incidents.create(approval.link_item(incident), "link", link)

    def _plan(self, fix: str) -> Plan:
        use = next(one for one in self.runbook.runbook.fixes if one.fix == fix)
        step = Step(fix=fix, parameters=self._filled(use.with_), effect="", before="", after="", risk="low", undo=None)
        service = self.runbook.service
        return Plan(account=service.account, region=service.region, service=SERVICE, runbook=RUNBOOK, steps=[step])

    def _filled(self, template: dict[str, Any]) -> dict[str, Any]:
        filled: dict[str, Any] = fill(template, self.runbook.service.resources.__getitem__)
        return filled


def _of(function: FunctionConfig) -> Function:
    """Find a deployed function's handler."""
    module, name = function.handler.removesuffix(".handler").split(".")[1:]
    kinds: dict[str, dict[str, Any]] = {
        "checks": dict(catalogue.checks()),
        "fixes": dict(catalogue.fixes()),
        "workflow": dict(catalogue.steps()),
    }
    found: Function = kinds[module][name]
    return found
