"""Which rule of the load balancer catches the service's requests, and where does it send them?"""

from functions.core import routing
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say, say_many
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.routing import Rules


class ListenerRules(routing.RouteParameters):
    """What the service is asked, at which listener, and the target group by ARN that is to answer."""


@check(
    allow("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules"),
    signals={
        "forwards-elsewhere": "The rule that catches the requests does not forward them all to the target group",
        "shadowed": "A rule that forwards to the target group comes after one that catches the same requests",
        "no-rule": "Only the default action catches the requests, and it does not forward them to the target group",
        "catches-more": "The rule that catches the requests catches others too",
    },
)
def handler(parameters: ListenerRules, aws: Session) -> Finding:
    """Where does the load balancer send the requests? Source: ganopa-bot runbook 1, Checks CLI 2."""
    rules = routing.rules(aws, parameters)
    wanted = {parameters.target_group}
    if not rules.complete:
        return Finding(summary=say("unknown: only {count} rules could be read", count=len(rules.ordered)))
    first = rules.first
    default = first.described["IsDefault"]
    elsewhere = first.destinations.keys() != wanted
    right = [
        rule for rule in rules.catching() if rule.destinations.keys() == wanted and not rule.described["IsDefault"]
    ]
    answers = {
        "forwards-elsewhere": elsewhere and not default,
        "shadowed": elsewhere and not default and bool(right),
        "no-rule": elsewhere and default,
        "catches-more": not default and not first.exactly(parameters),
    }
    facts = {
        "rule": first.arn,
        "priority": first.described["Priority"],
        "target_group": [routing.name(one) for one in first.destinations],
        "rules": len(rules.ordered),
    }
    return Finding(
        summary=_told(parameters, rules),
        signals=dict.fromkeys(answers, None) if _undecided(rules) else answers,
        facts=facts,
        evidence=[f"{rule.described['Priority']}: {routing.told(rule.destinations)}" for rule in rules.catching()],
    )


def _undecided(rules: Rules) -> bool:
    """Say whether a rule that may catch some of the requests sends them another way than the first that catches all."""
    return any(rule.destinations != rules.first.destinations for rule in rules.perhaps)


def _told(parameters: ListenerRules, rules: Rules) -> str:
    way = {"priority": rules.first.described["Priority"], "to": routing.told(rules.first.destinations)}
    asked = {"host": parameters.host, "path": parameters.path}
    told = say("{host}{path} is caught by rule {priority}, which sends it to {to}", **asked, **way)
    count = len(rules.perhaps) if _undecided(rules) else 0
    perhaps = say_many("{count} rule before it may catch it", "{count} rules before it may catch it", count)
    return say("{told}; {perhaps}", told=told, perhaps=perhaps) if count else told
