"""Which secrets are in the environment variables of ECS task definitions, by their names?"""

from typing import Any

from functions.core import names_only, variables
from functions.core.aws import Session
from functions.core.check import check
from functions.core.each import each
from functions.core.language import marked, say
from functions.core.listed import Listed, listed
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.regional import Named
from functions.core.results import Finding
from functions.core.variables import Holder

PAGE = 100
CONTAINER = marked("{family} revision {revision}, container {container}")


class TaskVariables(Named):
    """A region, and a word that the names of families have; empty for all of them."""


@check(
    allow("ecs:ListTaskDefinitionFamilies", "ecs:DescribeTaskDefinition"),
    signals={
        "secret-names": "Environment variables of a task definition are named as secrets are",
        "aws-keys": "Long-term access keys of AWS are in a task definition's environment variables",
        "none": "There is no active task definition here whose family's name has the word",
    },
)
def handler(parameters: TaskVariables, aws: Session) -> Finding:
    """Are secrets in the variables of newest task definitions? Source: Huntaze, 3 "IAM" and "Secrets"; 5, ECS."""
    end, ecs = over(), names_only.client(aws, "ecs", parameters.region)
    pages = ecs.get_paginator("list_task_definition_families").paginate(
        status="ACTIVE", PaginationConfig={"PageSize": PAGE}
    )
    families = listed(pages, lambda page: [one for one in page["families"] if parameters.named in one])
    read = each(families, lambda family: _holders(ecs, family), end)
    holders = Listed([one for of_family in read.found for one in of_family], read.whole)
    some, count = families.any(bool), len(families.found)
    return Finding(
        summary=say("task definitions: {families}; {told}", families=count, told=variables.summary(holders)),
        signals=variables.answers(holders) | {"none": None if some is None else not some},
        facts=variables.facts(holders) | {"families": count},
        evidence=variables.evidence(holders),
    )


def _holders(ecs: Any, family: str) -> list[Holder]:
    """Tell of each container of a family's newest active revision."""
    newest = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    return [
        Holder(
            say(CONTAINER, family=family, revision=newest["revision"], container=container["name"]),
            [one["name"] for one in container.get("environment", [])],
        )
        for container in newest["containerDefinitions"]
    ]
