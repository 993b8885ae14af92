"""Do ECS services give their tasks public addresses?"""

from typing import TYPE_CHECKING

from functions.core import ecs_services
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import told
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ServiceTypeDef

TOLD = marked("{total} ECS services: {count} give their tasks public addresses")


class PublicAddresses(Named):
    """A region, and a word that is in the names of services or of their clusters; "" for all."""


@check(
    allow("ecs:ListClusters", "ecs:ListServices"),
    allow("ecs:DescribeServices", on="arn:aws:ecs:*:{account}:service/*"),
    signals={
        "public-ip": "An ECS service gives its tasks public addresses",
        "none": "There is no ECS service here whose name, or whose cluster's, has the word",
    },
)
def handler(parameters: PublicAddresses, aws: Session) -> Finding:
    """Do tasks get public addresses? Source: Huntaze, 3 "Security groups corrects" and "IaC gaps"."""
    services = ecs_services.services(aws, parameters)
    public = sorted(one.name for one in services.found if _public(one.known))
    text = say(TOLD, total=len(services.found), count=len(public))
    return Finding(
        summary=told(text, whole=services.whole),
        signals={"public-ip": services.any(lambda one: _public(one.known)), "none": services.none},
        facts={"services": len(services.found), "public": public},
        evidence=[f"{name}: assignPublicIp ENABLED" for name in public],
    )


def _public(service: "ServiceTypeDef") -> bool:
    """Ask the service, and the task sets that another deployment controller than ECS makes of it."""
    networks = [one.get("networkConfiguration", {}) for one in (service, *service.get("taskSets", []))]
    return any(one.get("awsvpcConfiguration", {}).get("assignPublicIp") == "ENABLED" for one in networks)
