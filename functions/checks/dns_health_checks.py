"""Does Route 53 check anything's health?"""

from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import listed, told
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

PAGE = 100  # the most that Route 53 gives at once
TOLD = marked("{total} health checks of Route 53, {disabled} of them disabled")


class DnsHealthChecks(Parameters):
    """Nothing: Route 53 is the whole account's."""


@check(
    allow("route53:ListHealthChecks"),
    signals={"none": "Route 53 checks no endpoint's health, so no record fails over because of one"},
)
def handler(parameters: DnsHealthChecks, aws: Session) -> Finding:  # noqa: ARG001
    """Does Route 53 look after endpoints? Source: Huntaze, 3 "Failover (LB/Route53)"."""
    pages = aws.client("route53").get_paginator("list_health_checks").paginate(PaginationConfig={"PageSize": PAGE})
    checks = listed(pages, lambda page: page["HealthChecks"])
    # a disabled one counts as healthy whatever happens
    made = [one for one in checks.found if not one["HealthCheckConfig"].get("Disabled")]
    disabled = [one["Id"] for one in checks.found if one not in made]
    text = say(TOLD, total=len(checks.found), disabled=len(disabled))
    return Finding(
        summary=told(text, whole=checks.whole),
        signals={"none": checks._replace(found=made).none},
        facts={"health_checks": len(made), "kinds": sorted({one["HealthCheckConfig"]["Type"] for one in made})},
        evidence=[say("{health_check}: disabled", health_check=one) for one in disabled],
    )
