"""Does the service run the image that was built last?"""

import re
from typing import Any

from functions.core import ecs, ecs_tasks, registry
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.template import readable

SEVERAL = re.compile("index|list")  # an image of several platforms


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
        "tag-moved": "Tasks run another image than the one that their tag now names in the registry",
    },
)
def handler(parameters: RegistryImages, aws: Session) -> Finding:
    """Does the service run the newest image? Source: ganopa-bot runbook 5, Checks CLI 1."""
    service = ecs.get(aws, parameters)
    image = ecs.container(aws, service, parameters.container)["image"]
    repository = registry.Repository(aws, service, parameters.repository)
    version = repository.version(image)
    if version is None:
        told = say("unknown: {image} is not from {home}", image=image, home=repository.home)
        return Finding(summary=told, facts={"image": image})
    images = repository.images()
    digests = ecs_tasks.digests(aws, parameters, service["taskDefinition"], parameters.container)
    newest, named = images.newest, images.tagged(version["tag"] or "latest")
    tag = registry.telling(newest["imageTags"]) if newest else None
    given = {"image": image, "tag": readable(tag), "count": len(images.found)}
    told = say("the service's revision names {image}; newest of {count} tagged images: {tag}", **given)
    return Finding(
        summary=told if images.complete else say("{told}, because there are more", told=told),
        signals={
            "newer-image": newest and newest["imageDigest"] != version["digest"] and newest != named,
            "tag-moved": False if version["digest"] else _moved(named, digests),
        },
        facts={
            "image": image,
            "newest_tag": tag,
            "newest_pushed": newest and newest["imagePushedAt"].isoformat(timespec="seconds"),
            "running": digests,
        },
    )


def _moved(named: Any, digests: list[str]) -> bool | None:
    """Unknown where nothing runs or the tag is not there, and where tasks may tell the digest of their platform's."""
    if not named or not digests:
        return None
    differs = digests != [named["imageDigest"]]
    return None if differs and SEVERAL.search(named.get("imageManifestMediaType", "")) else differs
