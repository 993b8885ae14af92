"""The mailbox: what SNS would send by e-mail, readable as a page and as JSON."""

import dataclasses
import datetime
import http.server
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import jinja2

from sandbox.http_server import HttpServer, Response, read_only

_TEMPLATES = jinja2.Environment(loader=jinja2.PackageLoader("sandbox"), autoescape=True)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Mail:
    """One mail to one address; time is UTC in ISO 8601."""

    to: str
    subject: str
    body: str
    time: str = field(default_factory=_now)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Mailbox:
    """All mails in the order of their arrival; safe to use from several threads."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []
        self._arrived = threading.Condition()
        self._server: HttpServer | None = None

    @property
    def address(self) -> str:
        """The page's address; the same as JSON is at /messages.json."""
        if self._server is None:
            raise RuntimeError("The mailbox is not served: call serve() first")
        return self._server.address

    def serve(self, port: int = 0) -> None:
        """Serve the page and the JSON on 127.0.0.1, on a free port unless one is given."""
        self._server = HttpServer("mailbox", self._respond, port)

    def deliver(self, to: str, subject: str, body: str) -> None:
        """Put a mail into the mailbox."""
        with self._arrived:
            self._mails.append(Mail(to, subject, body))
            self._arrived.notify_all()

    def messages(self) -> list[Mail]:
        """Return the mails, the oldest first."""
        with self._arrived:
            return list(self._mails)

    def wait_for(self, predicate: Callable[[Mail], bool], seconds: float) -> Mail:
        """Return the first mail that satisfies the predicate; raises TimeoutError after the seconds."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                found = next(filter(predicate, self._mails), None)
                if found:
                    return found
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())):
                    subjects = [mail.subject for mail in self._mails]
                    raise TimeoutError(f"No such mail within {seconds} s; the mailbox holds {subjects}")

    def close(self) -> None:
        """Stop serving."""
        if self._server:
            self._server.stop()

    def _respond(self, request: http.server.BaseHTTPRequestHandler) -> Response:
        return read_only(request, {"/": self._page, "/messages.json": self._json})

    def _page(self) -> Response:
        page = _TEMPLATES.get_template("mailbox.html").render(mails=self.messages())
        return Response(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _json(self) -> Response:
        mails = [dataclasses.asdict(mail) for mail in self.messages()]
        return Response(200, json.dumps(mails).encode(), {"Content-Type": "application/json"})
