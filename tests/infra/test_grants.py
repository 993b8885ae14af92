import pytest

from functions.core.aws import Session
from functions.core.check import check
from functions.core.fix import Changes, fix
from functions.core.function import Function
from functions.core.permissions import Permission, allow
from functions.core.results import Change, Finding, Parameters
from infra.grants import Grant, Use, grants, uses
from statemachines import load
from statemachines.load import FileError
from statemachines.model import CheckUse, Service

SERVICE = load.services()["ganopa-bot"]
OWN = {"table": "arn:table", "switches": ["arn:switch"], "state_machines": ["arn:one", "arn:two"]}
LOGS = allow("logs:FilterLogEvents", on="arn:aws:logs:{region}:{account}:log-group:{log_group}:*")


class Given(Parameters):
    log_group: str
    subnets: list[str] | None = None
    cluster: str = "main"
    missing: str | None = None


def reading(*permissions: Permission) -> Function:
    @check(*permissions, signals={})
    def handler(_: Given, __: Session) -> Finding:
        return Finding(summary="")

    return handler


def used(**with_: object) -> Use:
    return Use("webhook_unavailable", CheckUse.model_validate({"check": "reading", "with": with_}))


def resources(permission: Permission, *found: Use, service: Service = SERVICE) -> list[Grant]:
    return grants(reading(permission), found, service, OWN)


def test_braces_take_the_services_own_resources() -> None:
    arn = "arn:aws:logs:me-central-1:123456789012:log-group:/ecs/ganopa-dev-bot-task:*"
    assert resources(LOGS, used(log_group="{log_group}")) == [Grant(LOGS.actions, (arn,))]


def test_several_uses_make_one_grant_for_all_of_them() -> None:
    granted = resources(allow("logs:FilterLogEvents", on="arn:{log_group}"), used(log_group="b"), used(log_group="a"))
    assert granted == [Grant(("logs:FilterLogEvents",), ("arn:a", "arn:b"))]


def test_a_list_yields_one_resource_for_each_member() -> None:
    granted = resources(allow("ec2:GetX", on="arn:{subnets}"), used(log_group="a", subnets="{subnets}"))
    assert granted[0].resources == ("arn:subnet-0a1b0000000000001", "arn:subnet-0a1b0000000000002")


def test_a_parameter_that_a_runbook_leaves_out_has_its_default() -> None:
    assert resources(allow("ecs:ListX", on="arn:{cluster}"), used(log_group="a"))[0].resources == ("arn:main",)


def test_a_fix_may_also_keep_its_books() -> None:
    @fix(allow("ecs:UpdateX"), effect="", risk="low", radius="")
    def handler(_: Given, __: Session) -> Changes:
        yield Change(before={}, after={})

    books = Grant(("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"), ("arn:table",))
    switches = Grant(("ssm:GetParameters", "ssm:GetParameterHistory"), ("arn:switch",))
    assert grants(handler, [used(log_group="a")], SERVICE, OWN)[1:] == [books, switches]


class Derived(Given):
    @property
    def folder(self) -> str:
        return self.log_group.rpartition("/")[0]


def looking() -> Function:
    @check(allow("logs:GetX", on="arn:{folder}/*"), signals={})
    def handler(_: Derived, __: Session) -> Finding:
        return Finding(summary="")

    return handler


def test_a_property_of_the_parameters_narrows_as_a_field_does() -> None:
    assert grants(looking(), [used(log_group="/ecs/bot")], SERVICE, OWN)[0].resources == ("arn:/ecs/*",)


def test_what_a_person_may_override_cannot_narrow_a_role_by_a_property_either() -> None:
    with pytest.raises(FileError, match="cannot be overridden"):
        grants(looking(), [used(log_group="{webhook_url}")], SERVICE, OWN)


def test_what_a_person_may_override_cannot_narrow_a_role() -> None:
    permission = allow("logs:FilterLogEvents", on="arn:{log_group}")
    with pytest.raises(load.FileError, match=r"overrides\.health_url: the role of check \w+ .* cannot be overridden"):
        resources(permission, used(log_group="{health_url}"))


def test_what_a_person_may_override_can_be_used_elsewhere() -> None:
    assert resources(allow("ecs:ListX"), used(log_group="{health_url}")) == [Grant(("ecs:ListX",), ("*",))]


@pytest.mark.parametrize("name", ["nowhere", "missing"])
def test_braces_without_a_value_are_an_error_that_says_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match=rf"arn:{{{name}}} needs {name}, which has no value; there are account, "):
        resources(allow("ecs:ListX", on=f"arn:{{{name}}}"), used(log_group="a"))


def test_uses_of_all_runbooks_count() -> None:
    runbook = load.runbooks()["webhook_unavailable"]
    found = uses([runbook, runbook.model_copy(update={"name": "another"})])["check/http_endpoint"]
    assert [one.runbook for one in found] == ["webhook_unavailable"] * 2 + ["another"] * 2
