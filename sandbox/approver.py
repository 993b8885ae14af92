"""Decides as an approver's browser would: opens the link, fills the form, sends it."""

import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

TIMEOUT = 15
LINK = re.compile(r"http\S+/incidents/\S+")  # as mails write it


class Page(NamedTuple):
    """What a browser got: the status, the HTML and the headers, by their names in small letters."""

    status: int
    html: str
    headers: Mapping[str, str]

    @property
    def form(self) -> dict[str, str]:
        """The hidden fields of the page's form; empty where it has none."""
        parser = _Fields()
        parser.feed(self.html)
        return parser.fields


def look(link: str, method: Literal["GET", "HEAD"] = "GET") -> Page:
    """Open a link, which decides nothing."""
    return _ask(urllib.request.Request(link, method=method))  # noqa: S310 (the sandbox's own address)


def decide(link: str, decision: Literal["approve", "reject"], reason: str = "", service: str = "") -> Page:
    """Open a link and press one of its buttons, with the service's name typed; return the page a browser ends on."""
    form = look(link).form | {"decision": decision, "reason": reason, "service": service}
    return send(link, form)


def send(link: str, form: dict[str, str], **headers: str) -> Page:
    """Send a form to a link, with headers besides: `sec_fetch_site="cross-site"`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return _ask(urllib.request.Request(link, urlencode(form).encode(), given, method="POST"))  # noqa: S310


def _ask(request: urllib.request.Request) -> Page:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            return _page(response.status, response)
    except urllib.error.HTTPError as error:
        with error:
            return _page(error.code, error)


def _page(status: int, response: Any) -> Page:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Page(status, response.read().decode(), headers)


class _Fields(HTMLParser):
    """Collects hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.fields[str(given["name"])] = str(given["value"])
