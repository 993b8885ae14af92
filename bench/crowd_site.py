"""The crowd's own HTTPS address, which tells the version that answers there."""

import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from bench.crowd_terms import Size

ADDRESS = "127.0.0.1"


@contextmanager
def site(size: Size) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve it; give its address, and the environment in which its certificate is trusted."""
    authority, server = trustme.CA(), ThreadingHTTPServer((ADDRESS, 0), _answering(_version(size)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(ADDRESS).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        trusted = Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(trusted)
        yield f"https://{ADDRESS}:{server.server_port}", {"SSL_CERT_FILE": str(trusted)}
    server.shutdown()
    server.server_close()


def _version(size: Size) -> bytes:
    others = {f"field_{n}": f"{n:032x}" for n in range(size.fields)}
    return json.dumps({"service": "bot", "version": f"{1:040x}", "build_id": "1", **others}).encode()


def _answering(body: bytes) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Answering
