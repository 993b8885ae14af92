"""Do the service's CloudFront distributions keep to HTTPS, and are they deployed?"""

from functions.core import distributions
from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, judged
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.regional import Worded
from functions.core.results import Finding

TOLD = marked("CloudFront distributions: {count}; answering HTTP: {plain-http}; not deployed: {not-deployed}")


class Distributions(Worded):
    """A word that is in the aliases, the origins' domain names or the comment of a distribution; "" for all."""


@check(
    allow("cloudfront:ListDistributions"),
    signals={
        "plain-http": "An enabled distribution answers HTTP without a redirect to HTTPS",
        "not-deployed": "A distribution is not deployed to all edge locations",
        "none": "There is no distribution that has the word in its aliases, origins or comment",
    },
)
def handler(parameters: Distributions, aws: Session) -> Finding:
    """Are distributions on HTTPS, and deployed? Source: Huntaze, 3 "Failover (LB/Route53)"; 5, CloudFront / S3.

    A distribution is the service's where one of its aliases, of its origins' domain names, or its comment has the word.
    """
    found = distributions.read(aws, parameters.named)
    rules = {
        "plain-http": Rule(distributions.plain, distributions.policies),
        "not-deployed": Rule(distributions.undeployed, lambda one: f"Status {one.get('Status')}"),
    }
    nothing = say("there is no distribution that has the word in its aliases, origins or comment")
    return judged(found, "Id", rules).finding(TOLD, nothing, found)
