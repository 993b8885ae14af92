"""S3: bucket policies are evaluated with their conditions (moto reads "deny without TLS" as "deny everything")."""

import json

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from sandbox.patches.replaced import replace
from sandbox.policies import effects_of, statements


def install() -> None:
    """Evaluate bucket policies, taking the sandbox's transport for a secure one."""
    replace(FakeBucket, "get_permission", _get_permission)


def _get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    if self.policy is None:
        return PermissionResult.NEUTRAL
    effects = effects_of(statements(json.loads(self.policy)), action, resource, {"aws:securetransport": "true"})
    if "Deny" in effects:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if effects else PermissionResult.NEUTRAL
