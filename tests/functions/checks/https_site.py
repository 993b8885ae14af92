"""HTTPS servers with certificates of an authority that the checks trust."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the sites."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the authority, as the sandbox's own is trusted, and ask directly."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "*")


class JsonSite(BaseHTTPRequestHandler):
    """Answers every request as a test says."""

    status, answer = 200, b"{}"
    asked: list[bytes]

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def do_POST(self) -> None:
        """Keep what was posted, and answer."""
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class QuietServer(ThreadingHTTPServer):
    """Says nothing of who hangs up during the handshake."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(certificate: trustme.LeafCert, handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve with a certificate; give the port on this machine."""
    server = QuietServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site(authority: trustme.CA) -> Iterator[type[JsonSite]]:
    """A site whose answer tests set; `url` is its address."""

    class Site(JsonSite):
        asked: list[bytes] = []  # noqa: RUF012  one for this site
        url = ""

    with serving(authority.issue_cert("localhost"), Site) as port:
        Site.url = f"https://localhost:{port}"
        yield Site
