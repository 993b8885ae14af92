import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from functions.checks.http_endpoint import handler
from functions.core import fetch
from functions.core.results import Finding
from tests.functions.conftest import RunCheck


class Site(BaseHTTPRequestHandler):
    """Answers /404 with 404 and so on; /302 points to /200; /silence says nothing.

    /flood does not end, /drip does not even end its headers.
    """

    ended = threading.Event()

    def do_GET(self) -> None:
        """Answer as the path says."""
        if self.path == "/silence":
            self.ended.wait(5)
            return
        if self.path == "/drip":
            self._drip()
            return
        self.send_response(200 if self.path == "/flood" else int(self.path[1:]))
        self.send_header("Location", "/200")
        self.end_headers()
        self.wfile.write(b"Service\n  <b>Temporarily</b> Unavailable")
        while self.path == "/flood" and not self.ended.wait(0.1):
            self.wfile.write(b"x")

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nA: ")
        with suppress(OSError):  # whoever asked has left
            while not self.ended.wait(0.1):
                self.wfile.write(b"x")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the site."""
    return trustme.CA()


@pytest.fixture(scope="module")
def site(authority: trustme.CA) -> Iterator[str]:
    """The address of a real HTTPS server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    Site.ended.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the site's certificate, as the sandbox's own is, and ask directly."""
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(fetch, "STEP_SECONDS", 1)


def silent(one: socket.socket, _address: object) -> None:
    """Connect as where packets are dropped."""
    time.sleep(one.gettimeout() or 0)
    raise TimeoutError


def unreachable(finding: Finding) -> str:
    """Expect that no HTTP answer came, and return the class of error."""
    assert finding.signals == {"failing": True, "unreachable": True, "no-backend": None}
    assert finding.facts["status"] is None
    return str(finding.facts["error"])


@pytest.mark.parametrize(("path", "accept"), [("/200", "200"), ("/405", "200-499"), ("/405", "200,405")])
def test_healthy(run_check: RunCheck, site: str, path: str, accept: str) -> None:
    finding = run_check(handler, url=f"{site}{path}", accept=accept)
    assert finding.signals == {"failing": False, "unreachable": False, "no-backend": False}
    assert finding.facts["status"] == int(path[1:])
    assert finding.facts["error"] is None
    assert 0 <= finding.facts["latency_ms"] < 1000
    assert finding.evidence == []


@pytest.mark.parametrize(
    ("path", "no_backend"), [("/404", False), ("/500", False), ("/502", True), ("/503", True), ("/504", True)]
)
def test_failing(run_check: RunCheck, site: str, path: str, *, no_backend: bool) -> None:
    finding = run_check(handler, url=f"{site}{path}", accept="200")
    assert finding.signals == {"failing": True, "unreachable": False, "no-backend": no_backend}
    assert finding.evidence == ["Service <b>Temporarily</b> Unavailable"]


def test_a_redirect_is_not_followed(run_check: RunCheck, site: str) -> None:
    finding = run_check(handler, url=f"{site}/302", accept="200")
    assert finding.signals["failing"]
    assert finding.facts["status"] == 302


def test_a_body_without_end_is_not_waited_for(run_check: RunCheck, site: str) -> None:
    assert run_check(handler, url=f"{site}/flood", accept="200").signals["failing"] is False


def test_a_stranger_s_certificate(run_check: RunCheck, site: str, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    assert unreachable(run_check(handler, url=f"{site}/200", accept="200")) == "tls"


def test_silence(run_check: RunCheck, site: str) -> None:
    assert unreachable(run_check(handler, url=f"{site}/silence", accept="200")) == "timeout"


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(
    run_check: RunCheck, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "ALL_SECONDS", 2)
    finding = run_check(handler, url=f"{site}/drip", accept="200")
    assert unreachable(finding) == "timeout"
    assert finding.facts["latency_ms"] < 4000
    assert finding.evidence == ["not done within 2 s"]


def test_many_addresses_are_not_all_waited_for(run_check: RunCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    eight = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", 443)) for n in range(8)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: eight)
    monkeypatch.setattr(socket.socket, "connect", silent)
    monkeypatch.setattr(fetch, "ALL_SECONDS", 2)
    finding = run_check(handler, url="https://api.maisonganopa.com/health", accept="200")
    assert unreachable(finding) == "timeout"
    assert finding.facts["latency_ms"] < 4000


def test_nothing_listens(run_check: RunCheck) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        assert unreachable(run_check(handler, url=f"https://localhost:{port}/", accept="200")) == "refused"


def test_no_such_host(run_check: RunCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert unreachable(run_check(handler, url="https://gone.maisonganopa.com/health", accept="200")) == "dns"


def test_the_proxy_of_the_environment_is_used(run_check: RunCheck, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", site.replace("https", "http"))  # speaks TLS, so that it is no proxy
    assert unreachable(run_check(handler, url=f"{site}/200", accept="200")) == "other"


@pytest.mark.parametrize(
    "url",
    ["http://api.maisonganopa.com/", "file:///etc/passwd", "https://user:secret@host/", "https://host/a b", "https://"],
)
def test_only_plain_https_addresses(run_check: RunCheck, url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        run_check(handler, url=url, accept="200")


@pytest.mark.parametrize("accept", ["", "2xx", "200-", "99", "200;204"])
def test_only_status_codes_are_accepted(run_check: RunCheck, accept: str) -> None:
    with pytest.raises(ValidationError, match="accept"):
        run_check(handler, url="https://host/", accept=accept)
