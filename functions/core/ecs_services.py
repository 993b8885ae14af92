"""All ECS services of a region, over all its clusters."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.each import each
from functions.core.listed import Listed, flat, listed
from functions.core.reading import over
from functions.core.regional import Named

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ServiceTypeDef

PAGE, DESCRIBED = 100, 10  # the most that ECS gives at once
SHARE = 4  # of the time: for the clusters, twice for the lists within that list, for what the services are


class Known(NamedTuple):
    """A service by its ARN, which need not tell the cluster, and its cluster's ARN."""

    cluster: str
    arn: str

    @property
    def name(self) -> str:
        """Name it with its cluster, as a person would."""
        return "/".join(arn.rpartition("/")[2] for arn in self)


class Described(NamedTuple):
    """A service, as cluster/service, and what ECS knows of it."""

    name: str
    known: "ServiceTypeDef"


def services(aws: Session, parameters: Named) -> Listed[Described]:
    """Describe the services of which their own name, or their cluster's, has the word."""
    ecs = aws.client("ecs", parameters.region)

    def of(cluster: str) -> Listed[Known]:
        pages = ecs.get_paginator("list_services").paginate(cluster=cluster, PaginationConfig={"PageSize": PAGE})
        return listed(pages, lambda page: [Known(cluster, arn) for arn in page["serviceArns"]], SHARE)

    def described(some: list[Known]) -> Listed[Described]:
        by_arn = {one.arn: one.name for one in some}
        told = ecs.describe_services(cluster=some[0].cluster, services=list(by_arn))["services"]
        return Listed([Described(by_arn[one["serviceArn"]], one) for one in told], whole=len(told) == len(some))

    clusters = ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": PAGE})
    known = flat(each(listed(clusters, lambda page: page["clusterArns"], SHARE), of, over(SHARE)))
    meant = [one for one in known.found if parameters.named in one.name]
    return flat(each(Listed(list(_together(meant)), known.whole), described, over(SHARE)))


def _together(known: list[Known]) -> Iterator[list[Known]]:
    """Divide services into as many as may be described at once, each of one cluster."""
    for _, group in groupby(known, key=lambda one: one.cluster):
        of_cluster = list(group)
        for first in range(0, len(of_cluster), DESCRIBED):
            yield of_cluster[first : first + DESCRIBED]
