"""How processes of this machine reach a simulated system by its host names, as the internet does."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import trustme

from sandbox.network import Network
from sandbox.proxy import Proxy
from sandbox.traffic import HttpsClient


class Outside:
    """A proxy into the system's network, to what `resolve` finds for a host name; and the authority to trust there."""

    def __init__(self, network: Network, authority: trustme.CA, resolve: Callable[[str], str | None]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")
        self.ca_file = str(Path(self._folder.name, "ca.pem"))
        authority.cert_pem.write_to_path(self.ca_file)
        self.proxy = Proxy(network, resolve)
        self.client = HttpsClient(self.proxy.port, self.ca_file)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which tools reach the system by its host name."""
        return {"HTTPS_PROXY": self.proxy.url, "SSL_CERT_FILE": self.ca_file, "CURL_CA_BUNDLE": self.ca_file}

    def start(self) -> None:
        """Let processes in."""
        self.proxy.start()

    def stop(self) -> None:
        """Let nobody in any more, and leave nothing behind; also where it was never started."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._folder.cleanup)
            stack.callback(self.proxy.stop)
