"""Where a load balancer's listener sends a request: its rules, in the order in which they are asked."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.fields import HostName, Port, UrlPath
from functions.core.language import say
from functions.core.reading import in_time
from functions.core.results import Parameters
from functions.core.template import readable

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import ListenerTypeDef, RuleTypeDef

WILDCARDS = {"*": ".*", "?": "."}
CONFIGS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}


class ListenerParameters(Parameters):
    """The listener on a port of a load balancer, which is named by its ARN."""

    load_balancer: str
    port: Port

    @property
    def of_load_balancer(self) -> str:
        """What ARNs of the load balancer's listeners and rules begin with, after their kind."""
        return self.load_balancer.partition(":loadbalancer/")[2]


class RouteParameters(ListenerParameters):
    """Requests to a host and path that reach a listener, and the target group, by ARN, that is to answer them."""

    host: HostName
    path: UrlPath
    target_group: str


class Rule(NamedTuple):
    """A rule of a listener; `catches` is None where it asks for more than a host and a path."""

    described: "RuleTypeDef"
    catches: bool | None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.described["RuleArn"]

    @property
    def destinations(self) -> dict[str, int]:
        """The target groups it forwards to, by ARN, with their weights; or the kind of its action, as "redirect"."""
        return destinations(self.described["Actions"])

    def exactly(self, route: RouteParameters) -> bool:
        """Say whether it catches nothing but this host and path, or this path of every host."""
        values = {one["Field"]: _values(one) for one in self.described["Conditions"]}
        return values.get("path-pattern") == [route.path] and values.get("host-header", [route.host]) == [route.host]


class Rules(NamedTuple):
    """A listener's rules, first those that are asked first, the default one last; were all read?"""

    ordered: list[Rule]
    complete: bool

    def catching(self) -> list[Rule]:
        """List those that certainly catch the request, the default one too."""
        return [rule for rule in self.ordered if rule.catches]

    @property
    def first(self) -> Rule:
        """The rule that certainly catches the request before all others that do."""
        return self.catching()[0]

    @property
    def perhaps(self) -> list[Rule]:
        """The rules that may catch it before, because they ask for more than a host and a path."""
        return [rule for rule in self.ordered[: self.ordered.index(self.first)] if rule.catches is None]


def listener(aws: Session, parameters: ListenerParameters) -> "ListenerTypeDef":
    """Look up the listener on a port.

    Raises:
        NotFound: when there is no such load balancer, or none of its listeners is on the port.
    """
    elb = aws.client("elbv2")
    try:
        pages = elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=parameters.load_balancer)
        found = [one for page in pages for one in page["Listeners"] if one["Port"] == parameters.port]
    except elb.exceptions.LoadBalancerNotFoundException as error:
        raise NotFound(say("there is no load balancer {name}", name=parameters.load_balancer), aws) from error
    if not found:
        asked = {"name": parameters.load_balancer, "port": parameters.port}
        raise NotFound(say("there is no listener of {name} on port {port}", **asked), aws)
    return found[0]


def rules(aws: Session, route: RouteParameters) -> Rules:
    """Read a listener's rules as they are for a request.

    Raises:
        NotFound: when there is no such listener.
    """
    arn = listener(aws, route)["ListenerArn"]
    found: list[RuleTypeDef] = []
    complete = False
    for page in in_time(aws.client("elbv2").get_paginator("describe_rules").paginate(ListenerArn=arn)):
        found += page["Rules"]
        complete = not page.get("NextMarker")
    found.sort(key=lambda rule: (rule["IsDefault"], 0 if rule["IsDefault"] else int(rule["Priority"])))
    return Rules([Rule(rule, _catches(rule, route)) for rule in found], complete)


def destinations(actions: Any) -> dict[str, int]:
    """Say where actions send a request: see Rule.destinations."""
    last = max(actions, key=lambda action: action.get("Order", 0))
    if last["Type"] != "forward":
        return {last["Type"]: 1}
    groups = last.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": last["TargetGroupArn"]}]
    return {one["TargetGroupArn"]: one.get("Weight", 1) for one in groups if one.get("Weight", 1)}


def name(destination: str) -> str:
    """Name a destination as people do: a target group by its name."""
    return destination.split("/")[1] if "/" in destination else destination


def told(ways: dict[str, int]) -> str:
    """Write destinations as a person reads them, with their weights where there are several."""
    total = sum(ways.values())
    named = [name(one) if len(ways) == 1 else f"{name(one)} ({weight}/{total})" for one, weight in ways.items()]
    return readable(named)


def _catches(rule: "RuleTypeDef", route: RouteParameters) -> bool | None:
    answers = [_holds(condition, route) for condition in rule["Conditions"]]
    return False if False in answers else None if None in answers else True


def _holds(condition: Any, route: RouteParameters) -> bool | None:
    """Hold a condition against the request; None where it asks for something that differs between requests."""
    field, values = condition["Field"], _values(condition)
    if field not in CONFIGS or not values:
        return None
    if field == "path-pattern":
        return any(_pattern(value).fullmatch(route.path) for value in values)
    return any(_pattern(value.lower()).fullmatch(route.host) for value in values)


def _values(condition: Any) -> list[str]:
    config = condition.get(CONFIGS.get(condition["Field"], ""), {})
    return list(config.get("Values") or condition.get("Values") or [])


def _pattern(value: str) -> re.Pattern[str]:
    return re.compile("".join(WILDCARDS.get(sign, re.escape(sign)) for sign in value), re.DOTALL)
