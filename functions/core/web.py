"""Requests from API Gateway (payload format 2.0) and answers that a browser may trust."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from functions.core.mail import TEMPLATES, templates

Request = dict[str, Any]
Response = dict[str, Any]
MAX_BODY, MAX_FIELDS = 8_192, 20
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def method(request: Request) -> str:
    """Return the request's method."""
    return str(request["requestContext"]["http"]["method"])


def address(request: Request) -> str:
    """Return the address that the request came from."""
    return str(request["requestContext"]["http"]["sourceIp"])


def body(request: Request) -> str:
    """Return the request's body as text; one that is too long, or no text, is empty."""
    given = request.get("body") or ""
    if len(given) > MAX_BODY:
        return ""
    try:
        return base64.b64decode(given).decode() if request.get("isBase64Encoded") else str(given)
    except ValueError:
        return ""


def form(request: Request) -> dict[str, str]:
    """Read a form's fields, the first of each name; one with too many of them is empty."""
    try:
        fields = parse_qs(body(request), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def same_site(request: Request) -> bool:
    """Say whether the browser, where it says so at all, sent this from our own page.

    Without a referrer, as our pages ask for, a browser says only `Origin: null`.
    """
    headers = request["headers"]
    origin = headers.get("origin", "null")
    if origin != "null" and origin.partition("://")[2] != headers.get("host", ""):
        return False
    return bool(headers.get("sec-fetch-site", "same-origin") == "same-origin")


def page(status: int, template: str, **values: Any) -> Response:
    """Answer with a page."""
    return {"statusCode": status, "headers": HEADERS, "body": templates().get_template(template).render(values)}


def message(status: int, title: str, text: str) -> Response:
    """Answer with a plain page of one sentence."""
    return page(status, "message.html", title=title, text=text)


def markdown(text: str) -> Response:
    """Answer with Markdown; a browser that saves it names it so, and not as the address ends, which is a secret."""
    kind = {"content-type": "text/markdown; charset=utf-8", "content-disposition": 'inline; filename="incident.md"'}
    return {"statusCode": 200, "headers": HEADERS | kind, "body": text}


def seen(path: str) -> Response:
    """Send the browser to look at a page, after it has posted something."""
    return {"statusCode": 303, "headers": HEADERS | {"location": path}, "body": ""}


def style() -> Response:
    """Answer with the style sheet."""
    css = Path(TEMPLATES / "style.css").read_text(encoding="utf-8")
    headers = HEADERS | {"content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=3600"}
    return {"statusCode": 200, "headers": headers, "body": css}


def data(status: int, values: dict[str, Any]) -> Response:
    """Answer a program, in JSON."""
    return {"statusCode": status, "headers": HEADERS | {"content-type": "application/json"}, "body": json.dumps(values)}
