"""Does somebody hear of it when the load balancers, services, databases, caches or queues of a region are unwell?"""

from functions.core import telling
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import told
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

WATCHED = {
    "alb": {"AWS/ApplicationELB"},
    "ecs": {"AWS/ECS", "ECS/ContainerInsights"},
    "rds": {"AWS/RDS"},
    "redis": {"AWS/ElastiCache"},
    "sqs": {"AWS/SQS"},
}
SUMMARY = marked("alarms in {region} that tell somebody: {each}; that tell nobody: {deaf}")


class MissingAlarms(Named):
    """A region, a word in the names of what is watched, and how the names of alarms on this automation itself begin."""

    own: str = ""


@check(
    allow("cloudwatch:DescribeAlarms"),
    signals={
        "no-alb-alarm": "No alarm on the load balancers tells anybody",
        "no-ecs-alarm": "No alarm on the ECS services tells anybody",
        "no-rds-alarm": "No alarm on the databases tells anybody",
        "no-redis-alarm": "No alarm on the caches tells anybody",
        "no-sqs-alarm": "No alarm on the queues tells anybody",
        "deaf": "An alarm on one of these tells nobody: it has no action, or its actions are disabled",
    },
)
def handler(parameters: MissingAlarms, aws: Session) -> Finding:
    """Are there alarms, with actions? Source: Huntaze, 3 "Monitoring/alerting de base"; 5, CloudWatch."""
    alarms = telling.but(telling.read(aws, parameters.region, parameters.named), parameters.own)
    by_kind = {kind: telling.on(alarms, namespaces) for kind, namespaces in WATCHED.items()}
    heard = {kind: telling.one_tells(of, somebody=True) for kind, of in by_kind.items()}
    counts = {kind: sum(one.tells is True for one in of.found) for kind, of in by_kind.items()}
    any_of_these = telling.on(alarms, set[str]().union(*WATCHED.values()))
    deaf = [one for one in any_of_these.found if one.tells is False]
    each = ", ".join(f"{kind.upper()} {count}" for kind, count in counts.items())
    text = say(SUMMARY, region=parameters.region, each=each, deaf=len(deaf))
    missing = [say("{kind}: no alarm tells anybody", kind=kind.upper()) for kind in heard if heard[kind] is False]
    return Finding(
        summary=told(text, whole=alarms.whole),
        signals={f"no-{kind}-alarm": None if answer is None else not answer for kind, answer in heard.items()}
        | {"deaf": telling.one_tells(any_of_these, somebody=False)},
        facts={"telling": counts, "deaf": [one.name for one in deaf], "whole": alarms.whole},
        evidence=missing + [f"{one.name}: {one.why}" for one in deaf],
    )
