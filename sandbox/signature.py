"""Signature Version 4 of requests to an HTTP API, verified by computing it again.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import datetime
import hashlib
import hmac
import http.server
import re
from collections.abc import Callable

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.account import home
from sandbox.callers import Caller

SERVICE = "execute-api"
MAX_SKEW = datetime.timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/([0-9]{8})/([\w-]+)/([\w-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


def signer(
    request: http.server.BaseHTTPRequestHandler, body: bytes, find: Callable[[str], Caller | None]
) -> Caller | None:
    """Return who signed a request; None where nobody did, or not this request, or not now."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    caller = find(found[1]) if found else None
    if not found or caller is None:
        return None
    signed, stamp = found[5].split(";"), request.headers.get("X-Amz-Date", "")
    in_scope = (found[2], found[3], found[4]) == (stamp[:8], home(), SERVICE)
    if not (in_scope and _recent(stamp) and _covered(request, signed) and _same_body(request, body)):
        return None
    if not _same(request.headers.get("X-Amz-Security-Token", ""), caller.token or ""):
        return None
    return caller if _same(found[6], _signature(request, body, signed, caller)) else None


def _recent(stamp: str) -> bool:
    try:
        at = datetime.datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=datetime.UTC)
    except ValueError:
        return False
    return abs(datetime.datetime.now(datetime.UTC) - at) <= MAX_SKEW


def _covered(request: http.server.BaseHTTPRequestHandler, signed: list[str]) -> bool:
    """Tell whether the host and each of AWS's own headers are signed."""
    return {"host", *(name.lower() for name in request.headers if name.lower().startswith("x-amz-"))} <= set(signed)


def _same_body(request: http.server.BaseHTTPRequestHandler, body: bytes) -> bool:
    """Tell whether the body has the digest that the client claims, where it claims one."""
    digest = hashlib.sha256(body).hexdigest()
    return _same(request.headers.get("X-Amz-Content-SHA256", digest), digest)


def _signature(request: http.server.BaseHTTPRequestHandler, body: bytes, signed: list[str], caller: Caller) -> str:
    url = f"http://{request.headers.get('Host', '')}{request.path}"
    headers = {name: ",".join(request.headers.get_all(name, [])) for name in signed}
    again = AWSRequest(request.command, url, headers, body)
    again.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(caller.access_key, caller.secret_key, caller.token), SERVICE, home())
    try:
        return str(auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again))
    except ValueError:  # no address that a signature could be made for
        return ""


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
