"""Is the image that the service is to run in the registry?"""

import re
from typing import TYPE_CHECKING

from functions.core import ecs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding

if TYPE_CHECKING:
    from types_boto3_ecr.type_defs import ImageIdentifierTypeDef

VERSION = re.compile(r"(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


class ContainerImage(ecs.ServiceParameters):
    """A container of a service, and the ECR repository that its image comes from."""

    container: str
    repository: str


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    allow("ecs:DescribeTaskDefinition"),
    allow("ecr:DescribeImages", on="arn:aws:ecr:{region}:{account}:repository/{repository}"),
    signals={"absent": "The container's image is not in the registry"},
)
def handler(parameters: ContainerImage, aws: Session) -> Finding:
    """Is the container's image in the registry? Source: ganopa-bot runbook 4, Fix 2."""
    service = ecs.get(aws, parameters)
    image = ecs.container(aws, service, parameters.container)["image"]
    account = service["serviceArn"].split(":")[4]
    home = f"{account}.dkr.ecr.{aws.region_name}.amazonaws.com/{parameters.repository}"
    version = VERSION.fullmatch(image.removeprefix(home))
    if version is None:
        return Finding(
            summary=say("unknown: {image} is not from {home}", image=image, home=home), facts={"image": image}
        )
    present = _present(aws, account, parameters.repository, version)
    told = (
        say("{image} is in the registry", image=image)
        if present
        else say("{image} is not in the registry", image=image)
    )
    return Finding(
        summary=told,
        signals={"absent": not present},
        facts={"image": image},
    )


def _present(aws: Session, account: str, repository: str, version: re.Match[str]) -> bool:
    """Look an image up by its digest, which wins where there is a tag too."""
    ecr = aws.client("ecr")
    tag: ImageIdentifierTypeDef = {"imageTag": version["tag"] or "latest"}
    wanted: ImageIdentifierTypeDef = {"imageDigest": version["digest"]} if version["digest"] else tag
    try:
        ecr.describe_images(registryId=account, repositoryName=repository, imageIds=[wanted])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return False
    return True
