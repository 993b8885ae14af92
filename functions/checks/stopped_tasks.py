"""Why do the service's tasks stop?"""

from typing import TYPE_CHECKING

from functions.core import ecs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import TaskTypeDef

BATCH, MOST = 100, 500


class StoppedTasks(Parameters):
    cluster: str
    service: str


@check(
    allow("ecs:DescribeServices", on="arn:aws:ecs:{region}:{account}:service/{cluster}/{service}"),
    allow("ecs:ListTasks"),
    allow("ecs:DescribeTasks", on="arn:aws:ecs:{region}:{account}:task/{cluster}/*"),
    signals={
        "image-missing": "Tasks of the current deployment stopped because their image was not found",
        "container-exited": "Tasks of the current deployment stopped because their container exited with an error",
        "failed-health-checks": "Tasks of the current deployment were stopped for failing their health check",
        "out-of-memory": "Tasks of the current deployment stopped because they ran out of memory",
    },
)
def handler(parameters: StoppedTasks, aws: Session) -> Finding:
    """Why did tasks of the current deployment stop? (ganopa-bot runbook 2, Checks CLI 3)"""
    service = ecs.get(aws, parameters.cluster, parameters.service)
    deployment = ecs.primary(service, aws)
    stopped = [task for task in _stopped(aws, parameters) if task.get("startedBy") == deployment["id"]]
    failed = sorted((task for task in stopped if _by_itself(task)), key=lambda task: task["stoppingAt"], reverse=True)
    if not failed and deployment.get("failedTasks"):
        return Finding(summary=f"unknown: {deployment['failedTasks']} tasks failed, but ECS no longer lists them")
    codes = [code for task in failed for code in _exit_codes(task)]
    reasons = [_reason(task) for task in failed]
    return Finding(
        summary=f"{len(failed)} tasks of the current deployment failed" + (f": {reasons[0]}" if failed else ""),
        signals={
            "image-missing": any("CannotPull" in text and "not found" in text for text in reasons),
            "container-exited": any(codes),
            "failed-health-checks": any("health checks" in text for text in reasons),
            "out-of-memory": any("OutOfMemory" in text for text in reasons),
        },
        facts={
            "stopped": len(failed),
            "reason": failed[0].get("stoppedReason") if failed else None,
            "exit_code": next((code for code in codes if code), None),
        },
        evidence=[f"{task['taskArn'].rpartition('/')[2]}: {_reason(task)}" for task in failed],
    )


def _stopped(aws: Session, parameters: StoppedTasks) -> "list[TaskTypeDef]":
    client = aws.client("ecs")
    pages = client.get_paginator("list_tasks").paginate(
        cluster=parameters.cluster,
        serviceName=parameters.service,
        desiredStatus="STOPPED",
        PaginationConfig={"MaxItems": MOST},
    )
    arns = [arn for page in pages for arn in page["taskArns"]]
    batches = (arns[start : start + BATCH] for start in range(0, len(arns), BATCH))
    return [
        task for batch in batches for task in client.describe_tasks(cluster=parameters.cluster, tasks=batch)["tasks"]
    ]
