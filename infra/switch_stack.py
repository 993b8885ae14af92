"""The kill switch of everything: one for all services of an account and region, so no service's own stack makes it."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from functions.core.stops import EVERYTHING, GO

NAME = "runbooks"


class SwitchStack(Stack):
    """One parameter, which every fix of every service reads."""

    def __init__(self, scope: Construct, account: str, region: str) -> None:
        """Make the stack of one account and region."""
        super().__init__(
            scope,
            f"{NAME}-{account}-{region}",
            stack_name=NAME,
            description="The kill switch of all runbooks",
            env=Environment(account=account, region=region),
        )
        kill_switch(self, EVERYTHING, "all services")


def kill_switch(scope: Construct, name: str, stops: str) -> ssm.StringParameter:
    """Make a kill switch that says go; deploying again leaves what people have set it to."""
    return ssm.StringParameter(
        scope,
        "Switch",
        parameter_name=name,
        string_value=GO,
        description=f"go lets runbooks change {stops}; anything else stops every change, and is read as the reason",
    )
