"""Lets an ECS service run another image, and nothing else differently."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import ecs, registry, revisions
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.fields import ImageTag
from functions.core.fix import Changes, fix
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Change


class DeployImage(revisions.DeployParameters):
    """A container of a service, and the repository and tag of the image that it is to run."""

    repository: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/-]*$")]
    tag: ImageTag


@fix(
    *revisions.DEPLOYING,
    allow("ecr:DescribeImages", on=registry.REPOSITORY),
    effect="Registers a revision of {task_definition} that differs in its image, {repository}:{tag}, for {service}",
    risk="medium",
    radius="The tasks of {service} are replaced one by one by ones of that image; no other service",
)
def handler(parameters: DeployImage, aws: Session) -> Changes:
    """Register a revision with the right image, and move the service to it. Source: ganopa-bot runbook 5, Fix 1 and 2.

    Raises:
        NotFound: when there is no such image.
    """
    service = ecs.get(aws, parameters)
    repository = registry.Repository(aws, service, parameters.repository)
    image = f"{repository.home}:{parameters.tag}"
    version = repository.version(image)
    if version is None or not repository.has(version):
        raise NotFound(say("there is no image {name}", name=image), aws)
    now = revisions.read(aws, service["taskDefinition"])
    words = revisions.with_container(now.words, parameters.container, image=image)
    yield Change(
        before={"image": now.container(aws, parameters.container)["image"], "contents": now.contents},
        after={"image": image, "contents": revisions.digest(words)},
        undo={"cluster": parameters.cluster, "service": parameters.service, "revision": now.arn},
    )
    revisions.move(aws, parameters.cluster, parameters.service, revisions.registered(aws, words))


@handler.undo("Moves the service back to the revision it had")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Move the service back; the revision stays, and nothing runs it."""
    revisions.move(aws, **undo)
