"""Does the service run its task definition's newest revision, and is in there what the container needs?"""

from typing import Any

from functions.core import ecs, registry, revisions
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.template import readable

TOLD = marked("runs revision {revision} with {image}; the newest is {newest}; variables missing: {missing}")


class TaskDefinition(ecs.ServiceParameters):
    """A container of a service, and the names of the environment variables that it cannot do without."""

    container: str
    required: list[str]


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    allow("ecs:DescribeTaskDefinition"),
    signals={
        "variable-missing": "The service's revision gives the container no value for a variable that it needs",
        "old-revision": "The service runs an older revision than the newest one",
        "image-elsewhere": "The newest revision names another image than the one that the service runs",
    },
)
def handler(parameters: TaskDefinition, aws: Session) -> Finding:
    """Which revision and image does the service run? Source: ganopa-bot runbook 1, Checks CLI 3; runbook 5, 2 and 3."""
    run = revisions.read(aws, ecs.get(aws, parameters)["taskDefinition"])
    newest = revisions.read(aws, run.words["family"])
    container = run.container(aws, parameters.container)
    others = {one["name"]: one["image"] for one in newest.words["containerDefinitions"]}
    image, newest_image = container["image"], others.get(parameters.container)
    missing = sorted(set(parameters.required) - _variables(container))
    facts = {
        "image": image,
        "tag": registry.tag(image),
        "revision": run.arn,
        "newest_revision": newest.arn,
        "newest_image": newest_image,
        "newest_tag": registry.tag(newest_image or ""),
        "missing": missing,
    }
    elsewhere = container.get("environmentFiles") and missing  # what stands in files is not read
    return Finding(
        summary=_told(run, newest, image, missing),
        signals={
            "variable-missing": None if elsewhere else bool(missing),
            "old-revision": run.number < newest.number,
            "image-elsewhere": None if newest_image is None else newest_image != image,
        },
        facts=facts,
    )


def _variables(container: dict[str, Any]) -> set[str]:
    """List the variables that have a value or a reference, by name only: values are nobody's business here."""
    return {one["name"] for kind in ("environment", "secrets") for one in container.get(kind, [])}


def _told(run: revisions.Revision, newest: revisions.Revision, image: str, missing: list[str]) -> str:
    numbers = {"revision": run.number, "newest": newest.number}
    return say(TOLD, image=image, missing=readable(missing), **numbers)
