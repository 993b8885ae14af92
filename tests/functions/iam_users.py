"""IAM users on moto, with what moto cannot be asked for: keys of an age, pages, a root user's facts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.iam import iam_backends
from moto.iam.models import AccountSummary
from moto.iam.responses import IamResponse

from functions.core import iam
from functions.core.aws import Session
from tests.functions.conftest import ACCOUNT


class Users:
    """The account's users and its root user."""

    def __init__(self, operator: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.iam, self.patch = iam.client(operator), monkeypatch
        self.backend: Any = iam_backends[ACCOUNT]["aws"]

    def add(self, name: str, *, keys: tuple[int, ...] = (), password: bool = False, mfa: bool = False) -> None:
        """Make a user who has keys of these ages in days."""
        self.iam.create_user(UserName=name)
        for days in keys:
            self.key(name, days)
        if password:
            self.iam.create_login_profile(UserName=name, Password="Passw0rd-of-nobody")
        if mfa:
            self.backend.enable_mfa_device(name, f"arn:aws:iam::{ACCOUNT}:mfa/{name}", "123456", "654321")

    def key(self, name: str, days: float) -> str:
        """Give a user a key of this age; return its id."""
        made = self.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        [kept] = [one for one in self.backend.users[name].access_keys if one.access_key_id == made]
        kept.create_date = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days)
        return str(made)

    def root(self, **facts: int | None) -> None:
        """Let the account's summary say this; nothing of a fact that is None."""
        said = dict(self.backend.account_summary.summary_map) | facts
        known = {fact: number for fact, number in said.items() if number is not None}
        self.patch.setattr(AccountSummary, "summary_map", property(lambda _: known))

    def refuse(self, action: str) -> None:
        """Let IAM deny an action, named as its function in moto is."""

        def denied(*_: object) -> None:
            raise AccessDeniedError("nobody", action)

        self.patch.setattr(type(self.backend), action, denied)

    def paged(self, size: int) -> None:
        """Let IAM list so many users on a page, as moto does not."""
        self.patch.setattr(iam, "PAGE", size)

        def list_users(of: Any) -> ActionResult:
            begin, most = int(of._get_param("Marker") or 0), int(of._get_param("MaxItems"))  # noqa: SLF001
            users, more = list(self.backend.users.values()), {"Marker": str(begin + most)}
            cut = len(users) > begin + most
            page: dict[str, Any] = {"Users": users[begin : begin + most], "IsTruncated": cut}
            return ActionResult(page | more if cut else page)

        self.patch.setattr(IamResponse, "list_users", list_users)
