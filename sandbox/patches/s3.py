"""S3: bucket policies are evaluated with their conditions (moto reads "deny without TLS" as "deny everything").

And a template's buckets block public access and keep versions, where they say so.
"""

import functools
import json
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from sandbox.clients import client
from sandbox.patches.replaced import replace
from sandbox.policies import effects_of, statements


def install() -> None:
    """Evaluate bucket policies, taking the sandbox's transport for a secure one."""
    replace(FakeBucket, "get_permission", _get_permission)
    for method in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        replace(FakeBucket, method, staticmethod(functools.partial(_made, method)))


def _get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    if self.policy is None:
        return PermissionResult.NEUTRAL
    effects = effects_of(statements(json.loads(self.policy)), action, resource, {"aws:securetransport": "true"})
    if "Deny" in effects:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if effects else PermissionResult.NEUTRAL


def _made(method: str, *arguments: Any, **options: Any) -> FakeBucket:
    bucket: FakeBucket = replace.original(FakeBucket, method)(*arguments, **options)
    properties = next(one.get("Properties", {}) for one in (*arguments, *options.values()) if isinstance(one, dict))
    if "PublicAccessBlockConfiguration" in properties:
        block = {name: bool(is_so) for name, is_so in properties["PublicAccessBlockConfiguration"].items()}
        client("s3").put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=block)
    if "VersioningConfiguration" in properties:
        status = {"Status": properties["VersioningConfiguration"]["Status"]}
        client("s3").put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=status)
    return bucket
