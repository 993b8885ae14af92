"""Do security groups let the whole world in on more than the ports of the web?"""

from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import listed, proven, told
from functions.core.open_ports import beyond_web
from functions.core.permissions import allow
from functions.core.regional import InRegion
from functions.core.results import Finding

PAGE = 1000
TOLD = marked("{total} security groups: {open} open to the world beyond TCP 80 and 443, {admin} for administration")


class OpenSecurityGroups(InRegion):
    """A region."""


@check(
    allow("ec2:DescribeSecurityGroups"),
    signals={
        "open-ports": "A security group lets the world in on more than TCP 80 and 443",
        "open-admin": "A security group lets the world in on a port of administration, as SSH, or of a database",
    },
)
def handler(parameters: OpenSecurityGroups, aws: Session) -> Finding:
    """Who lets the world in? Source: Huntaze, 3 "Security groups"; a region without a group lets nobody in."""
    paginator = aws.client("ec2", parameters.region).get_paginator("describe_security_groups")
    groups = listed(paginator.paginate(PaginationConfig={"PageSize": PAGE}), lambda page: page["SecurityGroups"])
    rules = [rule for group in groups.found for rule in beyond_web(group)]
    rules.sort(key=lambda rule: (not rule.open, not rule.admin))
    wrong = list(dict.fromkeys(rule.group for rule in rules if rule.open))
    admin = list(dict.fromkeys(rule.group for rule in rules if rule.open and rule.admin))
    text = say(TOLD, total=len(groups.found), open=len(wrong), admin=len(admin))
    return Finding(
        summary=told(text, whole=groups.whole),
        signals={
            "open-ports": proven([rule.open for rule in rules], whole=groups.whole),
            "open-admin": proven([rule.open for rule in rules if rule.admin], whole=groups.whole),
        },
        facts={"groups": len(groups.found), "open": wrong, "admin": admin},
        evidence=[rule.line for rule in rules if rule.open is not False],
    )
