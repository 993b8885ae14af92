"""The way from this machine into the sandbox's network: an HTTP proxy that takes CONNECT, by host name."""

import select
import socket
from collections.abc import Callable

from sandbox.network import INTERNET, Network
from sandbox.server import QuietHandler, Server
from sandbox.speed import sandbox_seconds

CONNECT_SECONDS = sandbox_seconds(30)  # how long a dropped connection hangs before the proxy says 504
IDLE_SECONDS = 30.0


class Proxy(Server):
    """Connects from the internet to what `resolve` finds for a host name, and no further."""

    def __init__(self, network: Network, resolve: Callable[[str], str | None], port: int = 0) -> None:
        self.network = network
        self.resolve = resolve
        super().__init__("proxy", ProxyHandler, port)

    @property
    def url(self) -> str:
        """What HTTPS_PROXY must say."""
        return f"http://127.0.0.1:{self.port}"


class ProxyHandler(QuietHandler):
    """CONNECT host:port → 200 and a tunnel; 502 for an unknown host or a refusal, 504 for a time-out."""

    server: Proxy

    def do_CONNECT(self) -> None:
        """Open the tunnel and carry bytes until one side closes."""
        host, _, port = self.path.rpartition(":")
        address = self.server.resolve(host)
        if address is None:
            self._refuse(502, f"{host} is not in the sandbox: only the simulated system's own names are")
            return
        try:
            upstream = self.server.network.connect(INTERNET, address, int(port), CONNECT_SECONDS)
        except TimeoutError as error:
            self.server.stopping.wait(CONNECT_SECONDS)
            self._refuse(504, str(error))
        except OSError as error:
            self._refuse(502, str(error))
        else:
            with upstream:
                self._tunnel(upstream)

    def _refuse(self, status: int, text: str) -> None:
        self.answer(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    def _tunnel(self, upstream: socket.socket) -> None:
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        other = {self.connection: upstream, upstream: self.connection}
        idle = 0.0
        while idle < IDLE_SECONDS and not self.server.stopping.is_set():
            readable, _, _ = select.select(list(other), [], [], 0.1)
            idle = 0.0 if readable else idle + 0.1
            for side in readable:
                data = side.recv(65536)
                if not data:
                    return
                other[side].sendall(data)
