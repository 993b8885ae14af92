"""Who calls the sandbox's APIs, what their role allows them, and a record of what they called."""

import collections
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox import callers
from sandbox.account import ACCOUNT, ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY, SESSION_TOKEN
from sandbox.api_call import ApiCall
from sandbox.api_error import Answer, error_answer, protocol
from sandbox.arns import resources
from sandbox.callers import Caller
from sandbox.policies import allowed

_IAM_ACTIONS = {  # where the action is not called as the operation is, by boto3's name of the service
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
}
_TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "ConditionCheck": "ConditionCheckItem",
}
# These services' codes for a denied call; the rest say AccessDenied in XML and AccessDeniedException in JSON.
_DENIED_CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}


class AccessDenied(Exception):
    """A call that the caller's role does not allow; `code` and `message` as AWS words them."""

    def __init__(self, arn: str, action: str, resource: str | None, code: str) -> None:
        on = f" on resource: {resource}" if resource and resource != "*" else ""
        self.code = code
        self.message = (
            f"User: {arn} is not authorized to perform: {action}{on} "
            f"because no identity-based policy allows the {action} action"
        )
        super().__init__(self.message)


@dataclass(frozen=True)
class Principal:
    """A role's session: session is the function's or execution's name, function the one whose calls are recorded."""

    role_arn: str
    session: str
    function: str | None = None

    @property
    def access_key(self) -> str:
        """An access key of this session: the same one every time."""
        digest = hashlib.sha256(f"{self.role_arn} {self.session} {self.function}".encode()).hexdigest().upper()
        return f"ASIA{digest[:16]}"


class Access:
    """The issued access keys, and the calls made with them: function name -> IAM actions."""

    def __init__(self) -> None:
        self.calls: dict[str, set[str]] = collections.defaultdict(set)
        self.denied: list[str] = []
        self._principals: dict[str, Principal] = {}
        self._lock = threading.Lock()

    def issue(self, principal: Principal) -> str:
        """Return an access key whose calls are checked against the principal's role."""
        with self._lock:
            self._principals[principal.access_key] = principal
        return principal.access_key

    def caller(self, access_key: str) -> Caller | None:
        """Return who holds an access key and what they may do; None for a key that nobody gave out."""
        principal = self._principals.get(access_key)
        if principal is None:
            return callers.find(access_key)
        return callers.session(access_key, ADMIN_SECRET_KEY, SESSION_TOKEN, principal.role_arn, principal.session)

    def authorize(self, call: ApiCall) -> None:
        """Record the call and raise AccessDenied unless its caller may; an unknown key is an administrator's."""
        if call.access_key == ADMIN_ACCESS_KEY or call.name == "sts:GetCallerIdentity":
            return
        caller = self.caller(call.access_key)
        if caller is None:
            return
        principal = self._principals.get(call.access_key)
        for action, resource in _needed(call):
            if principal and principal.function:
                with self._lock:
                    self.calls[principal.function].add(action)
            if not allowed(caller.policy, action, resource, _context(call)):
                denied = AccessDenied(caller.arn, action, resource, _denied_code(call))
                self.denied.append(denied.message)
                raise denied


def refusal(call: ApiCall, denied: AccessDenied) -> Answer:
    """Return how the called service tells its caller so."""
    return error_answer(call, denied.code, 400 if protocol(call) == "json" else 403, denied.message)


def denied(call: ApiCall, arn: str) -> Answer:
    """Return a denial of a call, whatever the caller's policy says."""
    return refusal(call, AccessDenied(arn, call.name, None, _denied_code(call)))


def _needed(call: ApiCall) -> Iterator[tuple[str, str | None]]:
    for item in call.parameters.get("TransactItems", []):
        for kind, request in item.items():
            action = f"dynamodb:{_TRANSACTIONS[kind]}"
            yield from ((action, resource) for resource in resources(action, request, call.region))
    if "TransactItems" not in call.parameters:
        action = _IAM_ACTIONS.get(f"{call.service_name}:{call.operation.name}", call.name)
        yield from ((action, resource) for resource in resources(action, call.parameters, call.region))
    if call.name == "ecs:RegisterTaskDefinition":
        roles = (call.parameters.get(name) for name in ("executionRoleArn", "taskRoleArn"))
        yield from (("iam:PassRole", role) for role in roles if role)


def _context(call: ApiCall) -> dict[str, str]:
    context = {"aws:requestedregion": call.region, "aws:securetransport": "true"}
    cluster = call.parameters.get("cluster")
    if cluster:
        name = cluster.rsplit("/", 1)[-1]
        context["ecs:cluster"] = f"arn:aws:ecs:{call.region}:{ACCOUNT}:cluster/{name}"
    encryption = call.parameters.get("EncryptionContext", {}) if call.signing_name == "kms" else {}
    for name, value in encryption.items():
        context[f"kms:encryptioncontext:{name.lower()}"] = value
    if "Namespace" in call.parameters:
        context["cloudwatch:namespace"] = call.parameters["Namespace"]
    return context


def _denied_code(call: ApiCall) -> str:
    default = "AccessDeniedException" if "json" in call.protocol else "AccessDenied"
    return _DENIED_CODES.get(call.signing_name, default)
