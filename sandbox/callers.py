"""Who is behind an access key, and what IAM allows them: administrator, IAM user, assumed role, a function's role."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.iam import iam_backends
from moto.iam.exceptions import NotFoundException
from moto.sts.models import sts_backends

from sandbox.account import ACCOUNT, ADMIN_ACCESS_KEY, ADMIN_ARN, ADMIN_ID, ADMIN_SECRET_KEY
from sandbox.policies import Statement, statements
from sandbox.untyped import Model

_EVERYTHING: tuple[Statement, ...] = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)


@dataclass(frozen=True)
class Caller:
    """An identity: name is the user's or the session's, user_id IAM's unique one, role_arn None for a user."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)
    arn: str
    user_id: str
    name: str
    role_arn: str | None = None
    policy: tuple[Statement, ...] = field(default=(), repr=False)


ADMINISTRATOR = Caller(
    ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY, None, ADMIN_ARN, ADMIN_ID, ADMIN_ARN.rpartition("/")[2], None, _EVERYTHING
)


def session(access_key: str, secret_key: str, token: str, role_arn: str, name: str) -> Caller:
    """Return the caller that a role's session is; without the role, one that may do nothing."""
    role_name = role_arn.rpartition("/")[2]
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/{name}"
    try:
        role = iam_backends[ACCOUNT]["aws"].get_role(role_name)
    except NotFoundException:
        return Caller(access_key, secret_key, token, arn, f"AROA:{name}", name, role_arn)
    policy = tuple(_policies([role]))
    return Caller(access_key, secret_key, token, arn, f"{role.id}:{name}", name, role_arn, policy)


def find(access_key: str) -> Caller | None:
    """Return who holds a key that IAM or STS gave out, or the administrator; None for a key that they did not."""
    if access_key == ADMIN_ACCESS_KEY:
        return ADMINISTRATOR
    assumed = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if assumed:
        secret, token = assumed.secret_access_key, assumed.session_token
        return session(access_key, secret, token, assumed.role_arn, assumed.session_name)
    return _user(access_key)


def _user(access_key: str) -> Caller | None:
    iam = iam_backends[ACCOUNT]["aws"]
    for user in iam.users.values():
        for key in user.access_keys:
            if key.access_key_id == access_key:
                holders = [user, *iam.get_groups_for_user(user.name)] if key.status == "Active" else []
                policy = tuple(_policies(holders))
                return Caller(access_key, key.secret_access_key, None, user.arn, user.id, user.name, None, policy)
    return None


def _policies(holders: Iterable[Model]) -> Iterator[Statement]:
    for holder in holders:
        versions = [version for policy in holder.managed_policies.values() for version in policy.versions]
        managed = [version.document for version in versions if version.is_default]
        inline: list[Any] = list(holder.policies.values())  # text, or JSON already where a template brought it
        for document in [*inline, *managed]:
            yield from statements(json.loads(document) if isinstance(document, str) else document)
