"""Are a region's ECS clusters active, and do they run the tasks that they should?"""

from typing import Any

from functions.core.aws import Session
from functions.core.check import check
from functions.core.each import each
from functions.core.judged import Rule, Verdict, field, judged
from functions.core.language import marked, say
from functions.core.listed import Listed, flat, listed
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.regional import Named
from functions.core.results import Finding

PAGE = 100  # the most that ECS gives, and describes, at once
SHARE = 2  # of the time, for the list and for what its clusters are
FIELDS = STATUS, SERVICES, RUNNING, PENDING = "status", "activeServicesCount", "runningTasksCount", "pendingTasksCount"
NOTHING = marked("there is no ECS cluster in {region}")
NOT_NAMED = marked("there is no ECS cluster in {region} whose name has {named} in it")
TOLD = marked("ECS clusters: {count}; not active: {inactive}; with tasks that wait: {pending}; that run none: {idle}")


class EcsClusters(Named):
    """A region, and a word in the names of its clusters."""


def _idle(cluster: Any) -> Verdict:
    """Say whether it has services and runs nothing; either alone proves that it is not so."""
    services, running = cluster[SERVICES], cluster[RUNNING]
    return False if services == 0 or running else None if None in (services, running) else True


RULES = {
    "inactive": field(STATUS, lambda status: None if status is None else status != "ACTIVE"),
    "pending": field(PENDING, lambda count: None if count is None else count > 0),
    "idle": Rule(_idle, lambda one: f"{SERVICES} {one[SERVICES]}, {RUNNING} {one[RUNNING]}"),
}


@check(
    allow("ecs:ListClusters"),
    allow("ecs:DescribeClusters", on="arn:aws:ecs:*:{account}:cluster/*"),
    signals={
        "inactive": "An ECS cluster is not active",
        "pending": "Tasks of an ECS cluster wait to be started",
        "idle": "An ECS cluster has services, and runs no task",
        "none": "There is no ECS cluster here whose name has the word",
    },
)
def handler(parameters: EcsClusters, aws: Session) -> Finding:
    """Are clusters active, and at work? Source: Huntaze, 1 "Compute"; 5, ECS (app/AI router/video)."""
    ecs, word = aws.client("ecs", parameters.region), parameters.named

    def described(arns: list[str]) -> Listed[Any]:
        told = [dict.fromkeys(FIELDS) | one for one in ecs.describe_clusters(clusters=arns)["clusters"]]
        return Listed(told, whole=len(told) == len(arns))

    pages = ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": PAGE})
    arns = listed(pages, lambda page: [one for one in page["clusterArns"] if word in one.rpartition("/")[2]], SHARE)
    together = [arns.found[first : first + PAGE] for first in range(0, len(arns.found), PAGE)]
    found = flat(each(Listed(together, arns.whole), described, over(SHARE)))
    nothing = say(NOT_NAMED if word else NOTHING, **parameters.model_dump())
    return judged(found, "clusterName", RULES).finding(TOLD, nothing, found)
