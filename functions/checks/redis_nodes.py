"""Are there Redis nodes on their own, which no other takes over from?"""

from functions.core import redis
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import told
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

TOLD = marked("Redis nodes in no replication group: {count}")


class RedisNodes(Named):
    """A region, and a word in the names of its nodes; "" for all."""


@check(
    allow("elasticache:DescribeCacheClusters", on="arn:aws:elasticache:*:{account}:cluster:*"),
    signals={
        "alone": "A Redis node is in no replication group: when it fails, no other takes over",
        "none": "There is no Redis node here outside of a replication group",
    },
)
def handler(parameters: RedisNodes, aws: Session) -> Finding:
    """Do Redis nodes stand alone, where no look at groups sees them? Source: Huntaze, 3 "Multi-AZ"; 5, ElastiCache."""
    nodes = redis.alone(aws, parameters.region, parameters.named)
    return Finding(
        summary=told(say(TOLD, count=len(nodes.found)), whole=nodes.whole),
        signals={"alone": None if nodes.none is None else not nodes.none, "none": nodes.none},
        facts={"count": len(nodes.found), "ids": [one[redis.NODE] for one in nodes.found]},
        evidence=[f"{one[redis.NODE]}: {one['Engine']} on {one['CacheNodeType']}" for one in nodes.found],
    )
