"""Revisions of a task definition: what a service runs, and how a fix gives it another one."""

import hashlib
import json
from operator import itemgetter
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints

from functions.core import ecs
from functions.core.aws import Session
from functions.core.permissions import allow

Role = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
Words = dict[str, Any]
DEPLOYING = (
    allow("ecs:DescribeServices", "ecs:UpdateService", on=ecs.SERVICE),
    allow("ecs:DescribeTaskDefinition"),
    allow(
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        on="arn:aws:ecs:{region}:{account}:task-definition/{task_definition}:*",
    ),
    allow("iam:PassRole", on="{roles}"),
)


class DeployParameters(ecs.ServiceParameters):
    """A container of a service; its task definition's family, and the ARNs of the roles that revisions of it carry."""

    container: str
    task_definition: str
    roles: Annotated[list[Role], Field(min_length=1)]


class Revision(NamedTuple):
    """One revision: its ARN, and what it says in the words that registering another one takes."""

    arn: str
    words: Words

    @property
    def number(self) -> int:
        """Its number; later ones are higher."""
        return int(self.arn.rpartition(":")[2])

    def container(self, aws: Session, name: str) -> Words:
        """Return one of its containers.

        Raises:
            NotFound: when it has no such container.
        """
        return ecs.contained(aws, self.words["containerDefinitions"], self.arn, name)

    @property
    def contents(self) -> str:
        """What it says, as a short digest."""
        return digest(self.words)


def read(aws: Session, name: str) -> Revision:
    """Read a revision by its ARN, or the newest ACTIVE one by its family's name; what AWS itself tags is left out."""
    ecs_client = aws.client("ecs")
    found = ecs_client.describe_task_definition(taskDefinition=name, include=["TAGS"])
    taken = ecs_client.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    words = {word: value for word, value in found["taskDefinition"].items() if taken and word in taken.members}
    tags = [tag for tag in found.get("tags", []) if not tag["key"].startswith("aws:")]
    return Revision(found["taskDefinition"]["taskDefinitionArn"], words | ({"tags": tags} if tags else {}))


def with_container(words: Words, name: str, **other: Any) -> Words:
    """Return the words of a revision that differs only in some of a container's."""
    containers = [one | other if one["name"] == name else one for one in words["containerDefinitions"]]
    return words | {"containerDefinitions": containers}


def digest(words: Words) -> str:
    """Sum up what a revision says; ECS gives a container's variables in no order, and empty lists or none."""
    containers = [
        one | {kind: sorted(one.get(kind) or [], key=itemgetter("name")) for kind in ("environment", "secrets")}
        for one in words["containerDefinitions"]
    ]
    text = json.dumps(words | {"containerDefinitions": containers}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def registered(aws: Session, words: Words) -> str:
    """Return the family's newest revision where it says just this, as after an interruption; else register one."""
    newest = read(aws, words["family"])
    if newest.contents == digest(words):
        return newest.arn
    return aws.client("ecs").register_task_definition(**words)["taskDefinition"]["taskDefinitionArn"]


def move(aws: Session, cluster: str, service: str, revision: str) -> None:
    """Let a service run a revision, by its ARN, in new tasks."""
    aws.client("ecs").update_service(cluster=cluster, service=service, taskDefinition=revision, forceNewDeployment=True)
