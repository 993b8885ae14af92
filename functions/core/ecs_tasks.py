"""The tasks of an ECS service, as many as a check has to read."""

import re
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.ecs import ServiceParameters
from functions.core.language import say
from functions.core.reading import in_time

if TYPE_CHECKING:
    from types_boto3_ecr.type_defs import ImageDetailTypeDef
    from types_boto3_ecs.literals import DesiredStatusType
    from types_boto3_ecs.type_defs import TaskTypeDef

SEVERAL = re.compile("index|list")  # an image of several platforms
PAGE = 100  # what ListTasks lists and DescribeTasks takes at once
# All of an account's calls of these two share 100 at once and 20 a second: leave others some.
MOST_READ, MOST_LISTED = 1000, 5000


class Tasks(NamedTuple):
    """Tasks of a service: so many were read, of so many listed, and whether there are more."""

    tasks: "list[TaskTypeDef]"
    read: int
    listed: int
    more: bool

    @property
    def complete(self) -> bool:
        """Say whether no task was left unread."""
        return self.read == self.listed and not self.more

    @property
    def unseen(self) -> bool | None:
        """What to answer where no task that was read says yes: unknown where others were not read."""
        return False if self.complete else None

    def told(self, about: str) -> str:
        """Add to a text what was not read. Which tasks those are is chance, because ECS lists in no order."""
        of = {"about": about, "read": self.read, "listed": self.listed}
        if self.more:
            return say("{about} ({read} of more than {listed} stopped tasks read)", **of)
        return about if self.complete else say("{about} ({read} of {listed} stopped tasks read)", **of)


def stopped(aws: Session, parameters: ServiceParameters) -> Tasks:
    """Look up tasks of a service that have stopped or are stopping; ECS remembers them for about an hour."""
    return _tasks(aws, parameters, "STOPPED", MOST_LISTED)


class Digests(NamedTuple):
    """Digests that a container's image has in running tasks of a revision, and the tasks that were read for it."""

    found: list[str]
    tasks: Tasks

    def moved(self, named: "ImageDetailTypeDef | None") -> bool | None:
        """Say whether tasks run another image than the one that their tag names in the registry.

        Unknown where nothing runs or the tag is not there, where tasks may tell the digest of their platform's image,
        and where those that were read run what the tag names, and others were not read.
        """
        if not named or not self.found:
            return None
        if self.found == [named["imageDigest"]]:
            return self.tasks.unseen
        return None if SEVERAL.search(named.get("imageManifestMediaType", "")) else True

    def told(self, about: str) -> str:
        """Add to a text that tasks were not read."""
        if self.tasks.complete:
            return about
        return say("{told}; more tasks run than the {read} that were read", told=about, read=self.tasks.read)


def digests(aws: Session, parameters: ServiceParameters, revision: str, container: str, share: int = 1) -> Digests:
    """Look up the digests, in a share of the time; tasks of other revisions may run still."""
    running = _tasks(aws, parameters, "RUNNING", MOST_READ, share)
    tasks = [task for task in running.tasks if task["taskDefinitionArn"] == revision]
    containers = [one for task in tasks for one in task["containers"] if one.get("name") == container]
    return Digests(sorted({one["imageDigest"] for one in containers if "imageDigest" in one}), running)


def _tasks(
    aws: Session, parameters: ServiceParameters, status: "DesiredStatusType", most: int, share: int = 1
) -> Tasks:
    cluster, ecs = parameters.cluster, aws.client("ecs")
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster,
        serviceName=parameters.service,
        desiredStatus=status,
        PaginationConfig={"PageSize": PAGE},
    )
    found = Tasks([], 0, 0, more=False)
    for page in in_time(pages, share):
        arns, more = page["taskArns"], bool(page.get("nextToken"))
        found = found._replace(listed=found.listed + len(arns), more=more)
        if arns and found.read < MOST_READ:
            tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
            found = found._replace(tasks=found.tasks + tasks, read=found.listed)
        if found.listed >= most:
            break
    return found


def failed(task: "TaskTypeDef") -> bool:
    """Say whether nobody wanted the task to stop: no person, no change of the number desired."""
    return task.get("stopCode") != "UserInitiated" and "Scaling activity" not in task.get("stoppedReason", "")


def reason(task: "TaskTypeDef") -> str:
    """Quote ECS on the task and, where that says more, on its containers."""
    said = [task.get("stoppedReason"), *(container.get("reason") for container in task["containers"])]
    return "; ".join(dict.fromkeys(filter(None, said)))


def exit_codes(task: "TaskTypeDef") -> list[int]:
    """List its containers' exit codes that say of an error, where the task stopped because a container had ended."""
    if task.get("stopCode") != "EssentialContainerExited":
        return []
    return [container["exitCode"] for container in task["containers"] if container.get("exitCode")]


def killed(task: "TaskTypeDef") -> bool:
    """Say whether a container of the task was killed for the memory that it took."""
    return "OutOfMemory" in reason(task)
