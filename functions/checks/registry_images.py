"""Does the service run the image that was built last?"""

from functions.core import ecs, ecs_tasks, registry
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.template import readable

SHARE = 2  # of the time, for the images and for the tasks


class RegistryImages(ecs.ServiceParameters):
    """A container of a service, and the ECR repository that its image comes from."""

    container: str
    repository: str


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    allow("ecs:DescribeTaskDefinition", "ecs:ListTasks"),
    allow("ecs:DescribeTasks", on="arn:aws:ecs:{region}:{account}:task/{cluster}/*"),
    allow("ecr:DescribeImages", on=registry.REPOSITORY),
    signals={
        "newer-image": "A newer image is in the registry than the one that the service's revision names",
        "registered-later": "The service's revision was registered after the newest image had been pushed",
        "tag-moved": "Tasks run another image than the one that their tag now names in the registry",
    },
)
def handler(parameters: RegistryImages, aws: Session) -> Finding:
    """Does the service run the newest image? Source: ganopa-bot runbook 5, Checks CLI 1."""
    service = ecs.get(aws, parameters)
    definition = ecs.definition(aws, service)
    containers, revision = definition["containerDefinitions"], service["taskDefinition"]
    image = ecs.contained(aws, containers, revision, parameters.container)["image"]
    repository = registry.Repository(aws, service, parameters.repository)
    version = repository.version(image)
    if version is None:
        told = say("unknown: {image} is not from {home}", image=image, home=repository.home)
        return Finding(summary=told, facts={"image": image})
    images = repository.images(SHARE)
    running = ecs_tasks.digests(aws, parameters, revision, parameters.container, SHARE)
    newest, named = images.newest, images.named(version)
    tag = registry.telling(newest["imageTags"]) if newest else None
    given = {"image": image, "tag": readable(tag), "count": len(images.found)}
    told = say("the service's revision names {image}; newest of {count} tagged images: {tag}", **given)
    told = told if images.complete else say("{told}, because there are more", told=told)
    return Finding(
        summary=running.told(told),
        signals={
            "newer-image": newest and named and newest != named,  # nobody knows how old one is that is not there
            "registered-later": newest and definition["registeredAt"] > newest["imagePushedAt"],
            "tag-moved": False if version["digest"] else running.moved(named),
        },
        facts={
            "image": image,
            "newest_tag": tag,
            "newest_pushed": newest and newest["imagePushedAt"].isoformat(timespec="seconds"),
            "running": running.found,
        },
    )
