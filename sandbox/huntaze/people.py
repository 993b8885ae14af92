"""Who may do what in Huntaze's account: the root user, a person, a program, and roles."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.iam import iam_backends

from sandbox.account import ACCOUNT
from sandbox.clients import client
from sandbox.huntaze.undo import Undo
from sandbox.untyped import Model

PERSON, PROGRAM = "sofia", "huntaze-deploy"
PASSWORD = "Correct-horse-9"  # noqa: S105  of nobody
YOUNG, OLD = timedelta(days=20), timedelta(days=200)
EXECUTION, AMPLIFY = "huntaze-task-execution", "huntaze-amplify"
ROLES = {
    EXECUTION: "ecs-tasks.amazonaws.com",
    "huntaze-app": "ecs-tasks.amazonaws.com",
    "huntaze-video-processor": "ecs-tasks.amazonaws.com",
    "huntaze-ai-router": "ecs-tasks.amazonaws.com",
    AMPLIFY: "amplify.amazonaws.com",
}


def build() -> None:
    """Make users and roles; let the root user have an MFA device and no access key."""
    iam = client("iam")
    iam.create_user(UserName=PERSON)
    iam.create_login_profile(UserName=PERSON, Password=PASSWORD)
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=PERSON)["VirtualMFADevice"]
    _enable(made["SerialNumber"])
    iam.create_user(UserName=PROGRAM)
    iam.create_access_key(UserName=PROGRAM)
    _key().create_date = _ago(YOUNG)
    for name, service in ROLES.items():
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    _root()._account_mfa_enabled = 1  # noqa: SLF001  moto has no other way


def look() -> Any:
    """Return what is to stay as it is."""
    iam = client("iam")
    summary = iam.get_account_summary()["SummaryMap"]
    keys = iam.list_access_keys(UserName=PROGRAM)["AccessKeyMetadata"]
    return (
        [summary[fact] for fact in ("AccountMFAEnabled", "AccountAccessKeysPresent")],
        [(key["AccessKeyId"], key["Status"], key["CreateDate"]) for key in keys],
        [device["SerialNumber"] for device in iam.list_mfa_devices(UserName=PERSON)["MFADevices"]],
    )


def root_keys(undo: Undo) -> None:
    """Somebody made an access key for the root user."""
    undo.set(_root(), _account_access_keys_present=1)


def root_without_mfa(undo: Undo) -> None:
    """The root user's MFA device was lost, and taken away."""
    undo.set(_root(), _account_mfa_enabled=0)


def old_keys(undo: Undo) -> None:
    """Nobody has renewed the program's key for months."""
    undo.set(_key(), create_date=_ago(OLD))


def users_without_mfa(undo: Undo) -> None:
    """The person's MFA device was lost, and taken away."""
    [device] = client("iam").list_mfa_devices(UserName=PERSON)["MFADevices"]
    client("iam").deactivate_mfa_device(UserName=PERSON, SerialNumber=device["SerialNumber"])
    undo.callback(_enable, device["SerialNumber"])


def _enable(serial: str) -> None:
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    client("iam").enable_mfa_device(UserName=PERSON, SerialNumber=serial, **codes)


def _key() -> Model:
    return iam_backends[ACCOUNT]["aws"].users[PROGRAM].access_keys[0]


def _root() -> Model:
    return iam_backends[ACCOUNT]["aws"].account_summary


def _ago(age: timedelta) -> datetime:
    return utcnow() - age
