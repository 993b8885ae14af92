"""Does the target group's health check ask for what the container answers?"""

from functions.core import ecs, elb
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import Port, accepts
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding, shortened
from functions.core.template import readable

ANSWER, SHOWN = 200, 5


class TargetGroupHealthCheck(ecs.ServiceParameters):
    """A target group, by ARN, and the port and path at which the container of a service answers 200."""

    target_group: str
    container: str
    port: Port
    path: str


@check(
    allow("elasticloadbalancing:DescribeTargetGroups", "ecs:DescribeTaskDefinition"),
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    signals={"mismatch": "The health check asks for something the container does not answer"},
)
def handler(parameters: TargetGroupHealthCheck, aws: Session) -> Finding:
    """Does the health check ask for what the container answers? Source: ganopa-bot runbook 2, Fix 2."""
    asked = elb.health_check(aws, parameters.target_group)
    service = ecs.get(aws, parameters)
    mappings = ecs.container(aws, service, parameters.container).get("portMappings", [])
    exposed = [mapping["containerPort"] for mapping in mappings]
    differing = {
        say("path"): asked["path"] != parameters.path,
        say("port"): asked["port"] not in ("traffic-port", str(parameters.port)),
        say("matcher"): not accepts(asked["matcher"], ANSWER),
    }
    wrong = [name for name, differs in differing.items() if differs]
    return Finding(
        summary=say(
            "asks {path} on {port} for {matcher}; "
            "the container answers {answer} at {expected} and exposes {exposed}; wrong: {wrong}",
            answer=ANSWER,
            expected=parameters.path,
            exposed=readable(shortened(exposed, SHOWN)),
            wrong=readable(wrong),
            **asked,
        ),
        signals={"mismatch": bool(wrong) if parameters.port in exposed else None},
        facts=asked | {"container_port": exposed},
    )
