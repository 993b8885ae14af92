import pytest

from functions.core.permissions import allow


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
