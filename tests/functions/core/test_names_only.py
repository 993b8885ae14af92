import json
from typing import Any

from functions.core import names_only
from functions.core.aws import Session
from tests.conftest import REGION

PLANTED = "p1anted-s3cret"


def test_of_a_task_definition_only_the_names_arrive(operator: Session) -> None:
    container: Any = {
        "name": "app",
        "image": "app",
        "memory": 128,
        "environment": [{"name": "STRIPE_KEY", "value": PLANTED}],
    }
    operator.client("ecs").register_task_definition(family="app", containerDefinitions=[container])
    told = names_only.client(operator, "ecs", REGION).describe_task_definition(taskDefinition="app")
    assert PLANTED not in json.dumps(told, default=str)
    assert [one["name"] for one in told["taskDefinition"]["containerDefinitions"][0]["environment"]] == ["STRIPE_KEY"]


def test_of_variables_by_name_only_the_names_are_left() -> None:
    branch: dict[str, Any] = {"branchName": "main", "environmentVariables": {"STRIPE_KEY": PLANTED}}
    function = {"Functions": [{"Environment": {"Variables": {"STRIPE_KEY": PLANTED}}}]}
    branch |= {"basicAuthCredentials": PLANTED, "buildSpec": f"export KEY={PLANTED}", "enableBasicAuth": True}
    for answer in (branch, {"branch": branch}, function):
        names_only.forget(answer)
        assert PLANTED not in json.dumps(answer)
        assert "STRIPE_KEY" in json.dumps(answer)
