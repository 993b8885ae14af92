"""What a function's answer becomes as an HTTP response (payload format 2.0)."""

import base64
import json
import re
from typing import Any

from sandbox.http_server import Response, problem

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def response_of(answer: Any) -> Response:
    """Return the response; one without a status code is a 200 with that JSON, one that is none at all a 500."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(200, text.encode(), {"Content-Type": "application/json"})
    try:
        return _response(answer)
    except (AttributeError, TypeError, ValueError):
        return problem(500)


def _response(answer: dict[str, Any]) -> Response:
    text = str(answer.get("body") or "")
    body = base64.b64decode(text, validate=True) if answer.get("isBase64Encoded") else text.encode()
    headers = {"Content-Type": "text/plain;charset=UTF-8"} if body else {}
    given = {str(name).title(): str(value) for name, value in (answer.get("headers") or {}).items()}
    cookies = tuple(answer.get("cookies") or ())
    if not all(map(_NAME.fullmatch, given)) or not all(map(_VALUE.fullmatch, [*given.values(), *cookies])):
        raise ValueError("a header that HTTP cannot carry")
    return Response(int(answer["statusCode"]), body, {**headers, **given}, cookies)
