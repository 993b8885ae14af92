"""Do the load balancers that the internet reaches insist on HTTPS, from more than one zone?"""

from functions.core import balancers
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import proven, told
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

TOLD = marked("{total} load balancers: {insecure} without HTTPS, {plain} without redirect to it, {single} in one zone")


class HttpListeners(Named):
    """A region, and a word that is in the names of load balancers; "" for all."""


@check(
    allow("elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"),
    signals={
        "no-https": "An application load balancer that faces the internet listens for HTTP, and nowhere for HTTPS",
        "no-redirect": "A listener for HTTP that faces the internet does not redirect to HTTPS by default",
        "single-zone": "An application load balancer that faces the internet is in fewer than two availability zones",
        "none": "There is no application load balancer here that faces the internet and whose name has the word",
    },
)
def handler(parameters: HttpListeners, aws: Session) -> Finding:
    """Is HTTP redirected, and how many zones are there? Source: Huntaze, 3 "IaC gaps" and "Multi-AZ"; 5, ALB."""
    found = balancers.of_internet(aws, parameters)
    insecure = [one.name for one in found.found if one.lacks_https]
    plain = [one.name for one in found.found if one.unredirected]
    single = [one.name for one in found.found if one.single]
    whole = found.whole and all(one.listeners.whole for one in found.found)
    text = say(TOLD, total=len(found.found), insecure=len(insecure), plain=len(plain), single=len(single))
    return Finding(
        summary=told(text, whole=whole),
        signals={
            "no-https": proven([one.lacks_https for one in found.found], whole=found.whole),
            "no-redirect": proven([bool(plain)], whole=whole),
            "single-zone": proven([bool(single)], whole=found.whole),
            "none": found.none,
        },
        facts={"load_balancers": len(found.found), "no_https": insecure, "no_redirect": plain, "single_zone": single},
        evidence=[one.line for one in found.found if one.lacks_https or one.unredirected or one.single],
    )
