"""Does a security group let a source in on a port?"""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator

from functions.core import security_groups
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import Port
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters, shortened

SHOWN = 5
ANSWERS = {
    True: marked("{security_group}: port {port} open to {source} ({rules})"),
    False: marked("{security_group}: port {port} closed to {source} ({rules})"),
    None: marked("{security_group}: unknown whether port {port} is open to {source} ({rules})"),
}


def _group_or_range(text: str) -> str:
    if not text.startswith("sg-"):
        ip_network(text)
    return text


class SecurityGroupPort(Parameters):
    """A security group, a TCP port, and who should get in: a security group's id or an address range."""

    security_group: str
    port: Port
    source: Annotated[str, AfterValidator(_group_or_range)]


@check(
    allow("ec2:DescribeSecurityGroups"),
    signals={"port-closed": "The security group does not let the source in on the port"},
)
def handler(parameters: SecurityGroupPort, aws: Session) -> Finding:
    """Does the security group let the source in? Source: ganopa-bot runbook 2, Checks AWS Console 4."""
    rules = security_groups.rules(aws, parameters.security_group, parameters.port)
    open_ = security_groups.lets_in(rules, parameters.source)
    sources = [source for rule in rules for source in security_groups.sources(rule)]
    known = say("rules for {sources}", sources=", ".join(shortened(sources, SHOWN))) if sources else say("no rule")
    return Finding(
        summary=say(ANSWERS[open_], rules=known, **parameters.model_dump()),
        signals={"port-closed": None if open_ is None else not open_},
        facts={"rules": sources},
    )
