"""Is the image that the service is to run in the registry?"""

from functions.core import ecs, registry
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding


class ContainerImage(ecs.ServiceParameters):
    """A container of a service, and the ECR repository that its image comes from."""

    container: str
    repository: str


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    allow("ecs:DescribeTaskDefinition"),
    allow("ecr:DescribeImages", on=registry.REPOSITORY),
    signals={"absent": "The container's image is not in the registry"},
)
def handler(parameters: ContainerImage, aws: Session) -> Finding:
    """Is the container's image in the registry? Source: ganopa-bot runbook 4, Fix 2."""
    service = ecs.get(aws, parameters)
    image = ecs.container(aws, service, parameters.container)["image"]
    repository = registry.Repository(aws, service, parameters.repository)
    version = repository.version(image)
    if version is None:
        home = repository.home
        return Finding(
            summary=say("unknown: {image} is not from {home}", image=image, home=home), facts={"image": image}
        )
    present = repository.has(version)
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
