"""Gives a container an environment variable out of Secrets Manager or SSM."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import ecs, revisions
from functions.core.aws import Session
from functions.core.fix import Changes, fix
from functions.core.language import say
from functions.core.results import Change

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$", max_length=255)]
# A secret, where it is one of several in there with its key, version stage and version; or a parameter.
SecretArn = Annotated[
    str,
    StringConstraints(
        pattern=r"^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+(:[\w.-]*:[\w-]*:[\w-]*)?"
        r"|ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+)$"
    ),
]


class ReferenceSecret(revisions.DeployParameters):
    """A container of a service, a variable, and the ARN of the secret or parameter that holds its value."""

    variable: Variable
    secret: SecretArn


@fix(
    *revisions.DEPLOYING,
    effect="Registers a revision of {task_definition} whose {variable} is a reference to {secret}, for {service}",
    risk="medium",
    radius="The tasks of {service} are replaced one by one by ones that have {variable}; no other service",
)
def handler(parameters: ReferenceSecret, aws: Session) -> Changes:
    """Let the container have the variable, by reference, never by value. Source: ganopa-bot runbook 1, Fix 3."""
    now = revisions.read(aws, ecs.get(aws, parameters)["taskDefinition"])
    container = now.container(aws, parameters.container)
    given = {kind: _without(container.get(kind, []), parameters.variable) for kind in ("environment", "secrets")}
    given["secrets"].append({"name": parameters.variable, "valueFrom": parameters.secret})
    words = revisions.with_container(now.words, parameters.container, **given)
    yield Change(
        before={parameters.variable: _source(container, parameters.variable), "contents": now.contents},
        after={parameters.variable: parameters.secret, "contents": revisions.digest(words)},
        undo={"cluster": parameters.cluster, "service": parameters.service, "revision": now.arn},
    )
    revisions.move(aws, parameters.cluster, parameters.service, revisions.registered(aws, words))


@handler.undo("Moves the service back to the revision it had")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Move the service back; the revision stays, and nothing runs it."""
    revisions.move(aws, **undo)


def _without(variables: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    return [one for one in variables if one["name"] != name]


def _source(container: dict[str, Any], variable: str) -> str:
    """Say where a container's variable comes from; a value stays unsaid."""
    references = {one["name"]: str(one["valueFrom"]) for one in container.get("secrets", [])}
    if any(one["name"] == variable for one in container.get("environment", [])):
        return say("a value in the task definition")
    return references.get(variable, say("not there"))
