"""Each check of Huntaze's audit reads its account with exactly the permissions that it declares, and not with fewer."""

import json
from collections.abc import Iterable, Iterator

import pytest
from botocore.exceptions import ClientError

from functions.core import catalogue
from functions.core.audited import looks
from functions.core.aws import Session
from functions.core.drilled import Look
from infra.grants import Grant, audited, grants
from sandbox.access import Principal
from sandbox.cloud import Sandbox
from sandbox.context import current
from statemachines import load
from tests.actions import declared

SERVICE = load.services()["huntaze"]
assert SERVICE.audit
AUDIT = load.audits()[SERVICE.audit.audit]
LOOKS = looks(SERVICE, AUDIT, SERVICE.audit.regions)
USES = audited(SERVICE, AUDIT)
CHECKS = {look.check: look for look in reversed(LOOKS.values())}  # one of each, in the first region
FREE = {"sts:GetCallerIdentity"}  # which nobody can be denied
ROLE = "arn:aws:iam::123456789012:role/auditor"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The account, with a role that may do nothing yet, and a certificate that ends soon enough to be asked for."""
    with Sandbox.start(service=SERVICE.name) as started:
        started.system(SERVICE.name).break_("certificates-not-renewed")
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        started.client("iam").create_role(RoleName="auditor", AssumeRolePolicyDocument=trust)
        yield started
        assert started.unsimulated == []


@pytest.fixture(scope="module")
def aws(sandbox: Sandbox) -> Iterator[Session]:
    """The role's session."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ACCESS_KEY_ID", current().access.issue(Principal(ROLE, "auditor")))
        yield Session()


def granted(check: str) -> list[Grant]:
    """Return what the check's role allows when it is deployed."""
    function = f"check/{check}"
    return grants(catalogue.checks()[check], USES[function], SERVICE, {})


def look(sandbox: Sandbox, aws: Session, one: Look, allowed: Iterable[Grant]) -> None:
    """Let a check look with these permissions only."""
    every = [*allowed, Grant(tuple(FREE), ("*",))]  # a policy without statements is refused
    statements = [{"Effect": "Allow", "Action": list(of), "Resource": list(on)} for of, on in every if of]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    sandbox.client("iam").put_role_policy(RoleName="auditor", PolicyName="may", PolicyDocument=document)
    catalogue.checks()[one.check].body(catalogue.checks()[one.check].parameters.model_validate(one.parameters), aws)


@pytest.mark.parametrize("check", CHECKS)
def test_what_it_declares_is_enough(check: str, sandbox: Sandbox, aws: Session) -> None:
    for one in LOOKS.values():
        if one.check == check:
            look(sandbox, aws, one, granted(check))


@pytest.mark.parametrize(
    ("check", "action"),
    [(check, action) for check in CHECKS for action in sorted(declared(catalogue.checks()[check]) - FREE)],
)
def test_without_one_of_its_permissions_it_is_denied(check: str, action: str, sandbox: Sandbox, aws: Session) -> None:
    left = [grant._replace(actions=tuple(one for one in grant.actions if one != action)) for grant in granted(check)]
    with pytest.raises(ClientError, match=rf"(AccessDenied|UnauthorizedOperation).*: {action} "):
        look(sandbox, aws, CHECKS[check], left)
