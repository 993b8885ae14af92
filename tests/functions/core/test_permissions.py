import pytest

from functions.core.permissions import INSTANCES, allow


@pytest.mark.parametrize(
    "action", ["ecs:DescribeServices", "logs:FilterLogEvents", "ecs:ListTasks", "ecr:BatchGetImage", "dynamodb:GetItem"]
)
def test_reading(action: str) -> None:
    assert allow(action).reads


@pytest.mark.parametrize(
    "action", ["ecs:UpdateService", "ec2:AuthorizeSecurityGroupIngress", "ecs:*", "*", "iam:PassRole", "ecs:RunTask"]
)
def test_one_writing_action_makes_it_no_reading(action: str) -> None:
    assert not allow("ecs:DescribeServices", action).reads


def test_on_everything_unless_narrowed() -> None:
    assert allow("ecs:ListTasks").on == "*"
    assert allow("ecs:UpdateService", on="arn:aws:ecs:{region}").on == "arn:aws:ecs:{region}"


DOCUMENT = "arn:aws:ssm:{region}:{account}:document/{stack}-"


@pytest.mark.parametrize("on", [f"{DOCUMENT}look-memory", f"{DOCUMENT}look-disk", *INSTANCES])
def test_sending_what_only_looks_is_reading(on: str) -> None:
    assert allow("ssm:SendCommand", on=on).reads
    assert not allow("ssm:SendCommand", "ssm:StartSession", on=on).reads


@pytest.mark.parametrize(
    "on",
    [
        f"{DOCUMENT}do-restart",
        f"{DOCUMENT}look-*",
        f"{DOCUMENT}look-{{name}}",
        f"{DOCUMENT}look-memory\n",
        f"{DOCUMENT}look-",
        f"{DOCUMENT}*",
        f"{DOCUMENT}look-a/../x-do-b",
        "arn:aws:ssm:{region}:{account}:document/look-memory",
        "arn:aws:ssm:{region}:{account}:document/{name}-look-memory",
        "arn:aws:ssm:{region}::document/AWS-RunShellScript",
        "arn:aws:ec2:{region}:{account}:instance/*",
        "*",
    ],
)
def test_sending_anything_else_is_not(on: str) -> None:
    assert not allow("ssm:SendCommand", on=on).reads


def test_a_document_that_looks_makes_no_other_action_reading() -> None:
    assert not allow("ssm:UpdateDocument", on=f"{DOCUMENT}look-memory").reads
    assert not allow("ssm:StartAutomationExecution", on=f"{DOCUMENT}look-memory").reads


@pytest.mark.parametrize(
    ("on", "document"),
    [(f"{DOCUMENT}look-memory", "look_memory"), (f"{DOCUMENT}do-prune-build-cache", "do_prune_build_cache"), ("*", "")],
)
def test_the_document_that_a_permission_is_on(on: str, document: str) -> None:
    assert allow("ssm:SendCommand", on=on).document == document
