"""TLS of a listener: for each connection the certificate that fits the name asked for, as ACM has it at that moment."""

import socket
import ssl
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.acm import acm_backends
from moto.acm.models import AWS_ROOT_CA

from sandbox.account import ACCOUNT, home
from sandbox.untyped import Model


class ListenerTls:
    """Presents the certificates of the listener that `listener` returns, read anew at each connection."""

    def __init__(self, listener: Callable[[], Model]) -> None:
        self._listener = listener
        self._contexts: dict[bytes, ssl.SSLContext] = {}

    def wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        """Speak TLS as a server."""
        context = self._context(_stored(self._listener().certificate))
        return context.wrap_socket(connection, server_side=True)

    def _choose(self, connection: Any, name: str | None, _: ssl.SSLContext) -> None:
        """Change to the certificate that fits the client's server name, the one that ends last; else the default."""
        stored = [_stored(arn) for arn in list(self._listener().certificates)]
        fitting = [bundle for bundle in stored if name and any(fits(pattern, name) for pattern in bundle.sans)]
        if fitting:
            connection.context = self._context(max(fitting, key=_ends))

    def _context(self, bundle: Model) -> ssl.SSLContext:
        if bundle.cert not in self._contexts:
            context = _made(bundle)
            context.sni_callback = self._choose
            self._contexts[bundle.cert] = context
        return self._contexts[bundle.cert]


def fits(pattern: str, name: str) -> bool:
    """Tell whether a certificate's name covers a host name: a wildcard stands for exactly one label."""
    if pattern.startswith("*."):
        return name.lower().partition(".")[2] == pattern[2:].lower()
    return pattern.lower() == name.lower()


def _stored(arn: str) -> Model:
    return acm_backends[ACCOUNT][home()].get_certificate(arn)


def _ends(bundle: Model) -> datetime:
    end: datetime = bundle._cert.not_valid_after_utc  # noqa: SLF001  moto has no other way
    return end


def _made(bundle: Model) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    given = bytes(bundle.chain or b"").replace(AWS_ROOT_CA, b"")  # moto adds it to every chain
    with tempfile.TemporaryDirectory() as folder:
        chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
        chain.write_bytes(bytes(bundle.cert) + b"\n" + given)
        key.write_bytes(bytes(bundle.key))
        context.load_cert_chain(chain, key)
    return context
