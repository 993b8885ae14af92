"""Why do the service's tasks stop?"""

from functions.core import ecs, ecs_tasks
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say, say_many
from functions.core.permissions import allow
from functions.core.results import Finding


class StoppedTasks(ecs.ServiceParameters):
    """The service that the tasks belong to."""


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
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
    """Why did tasks of the current deployment stop? Source: ganopa-bot runbook 2, Checks CLI 3."""
    deployment = ecs.primary(ecs.get(aws, parameters), aws)
    stopped = ecs_tasks.stopped(aws, parameters)
    own = [task for task in stopped.tasks if task.get("startedBy") == deployment["id"]]
    tasks = sorted(filter(ecs_tasks.failed, own), key=lambda task: task["createdAt"], reverse=True)
    if not tasks and stopped.complete and deployment.get("failedTasks"):
        forgotten = _told(deployment["failedTasks"])
        return Finding(summary=say("unknown: {told}, but ECS lists none any more", told=forgotten))
    reasons = [ecs_tasks.reason(task) for task in tasks]
    codes = [code for task in tasks for code in ecs_tasks.exit_codes(task)]
    told = stopped.told(_told(len(tasks)))
    return Finding(
        summary=say("{told}: {example}", told=told, example=reasons[0]) if reasons else told,
        signals={
            "image-missing": any("CannotPull" in reason and "not found" in reason for reason in reasons)
            or stopped.unseen,
            # what is killed has not exited by itself, nor have the containers that are stopped with it
            "container-exited": any(ecs_tasks.exit_codes(task) and not ecs_tasks.killed(task) for task in tasks)
            or stopped.unseen,
            "failed-health-checks": any("health checks" in reason for reason in reasons) or stopped.unseen,
            "out-of-memory": any(map(ecs_tasks.killed, tasks)) or stopped.unseen,
        },
        facts={"stopped": len(tasks), "exit_code": next(iter(codes), None), "reason": next(iter(reasons), None)},
        evidence=[f"{task['taskArn'].rpartition('/')[2]}: {ecs_tasks.reason(task)}" for task in tasks],
    )


def _told(count: int) -> str:
    return say_many(
        "{count} task of the current deployment failed", "{count} tasks of the current deployment failed", count
    )
