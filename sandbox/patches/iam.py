"""IAM: AWS's policies exist, a template's roles and users get those that they name; the root user has a password."""

import functools
from typing import Any

from moto.core.config import default_user_config
from moto.iam import iam_backends
from moto.iam.models import AccountSummary, Role, User

from sandbox.account import ACCOUNT
from sandbox.patches.replaced import replace


def install() -> None:
    """Load AWS's policies; attach what CloudFormation's types list as ManagedPolicyArns, and users' own Policies."""
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    replace(AccountSummary, "summary_map", property(_summary))
    for kind in (Role, User):
        for step in ("create", "update"):
            method = f"{step}_from_cloudformation_json"
            replace(kind, method, staticmethod(functools.partial(_made, kind, method)))
        delete = "delete_from_cloudformation_json"
        replace(kind, delete, staticmethod(functools.partial(_delete, kind, delete)))


def _summary(self: AccountSummary) -> dict[str, Any]:
    return {**replace.original(AccountSummary, "summary_map").fget(self), "AccountPasswordPresent": 1}


def _made(kind: type[Role | User], method: str, *arguments: Any, **options: Any) -> Role | User:
    holder: Role | User = replace.original(kind, method)(*arguments, **options)
    properties = next(one.get("Properties", {}) for one in arguments if isinstance(one, dict))
    policies = iam_backends[ACCOUNT]["aws"].managed_policies
    for arn in properties.get("ManagedPolicyArns", []):
        if arn not in holder.managed_policies:
            policies[arn].attach_to(holder)
    for policy in properties.get("Policies", []):
        holder.policies[policy["PolicyName"]] = policy["PolicyDocument"]
    return holder


def _delete(kind: type[Role | User], method: str, resource_name: str, *arguments: Any, **options: Any) -> None:
    """Delete a role or user with its policies, as CloudFormation does; IAM itself refuses while it has some."""
    backend = iam_backends[ACCOUNT]["aws"]
    holder: Any = backend.get_role(resource_name) if kind is Role else backend.get_user(resource_name)
    for policy in list(holder.managed_policies.values()):
        policy.detach_from(holder)
    holder.policies.clear()
    replace.original(kind, method)(resource_name, *arguments, **options)
