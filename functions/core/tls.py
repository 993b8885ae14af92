"""What a host presents over TLS, whether or not it is to be trusted."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from functions.core.reading import within

STEP_SECONDS, ALL_SECONDS = 4, 12
IGNORE_DATES = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for
EXPIRED, NOT_YET = 10, 9  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED and …_NOT_YET_VALID

T = Callable[[ssl.SSLSocket], Any]


class Presented(NamedTuple):
    """The certificate that a host presents: the names it is for, who issued it, from when until when.

    `distrust` is what is wrong with its chain, whatever its own dates; "" where nothing is.
    """

    names: list[str]
    issuer: str
    since: datetime
    until: datetime
    distrust: str


def presented(host: str, port: int) -> Presented:
    """Look at the certificate that a host presents to who asks for it by name.

    Raises:
        OSError: when no TLS handshake comes about.
    """
    return within(ALL_SECONDS, lambda: _look(host, port))


def _look(host: str, port: int) -> Presented:
    try:
        return _read(_handshake(host, port, _context(), ssl.SSLSocket.getpeercert), "")
    except ssl.SSLCertVerificationError as error:
        why, dates = error.verify_message, error.verify_code in (EXPIRED, NOT_YET)
    if dates:
        try:
            found = _read(_handshake(host, port, _context(flags=IGNORE_DATES), ssl.SSLSocket.getpeercert), "")
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message
        else:
            # where its own dates are right, those of one above it are not
            return found._replace(distrust=why if found.since <= datetime.now(UTC) <= found.until else "")
    return _read(_pinned(host, port), why)


def _pinned(host: str, port: int) -> Any:
    """Read a certificate that nobody vouches for: Python reads only those that it trusts, so this one itself is."""
    blind = _context()
    blind.verify_mode = ssl.CERT_NONE
    der: bytes = _handshake(host, port, blind, lambda one: one.getpeercert(binary_form=True))
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.load_verify_locations(cadata=der)
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | IGNORE_DATES
    return _handshake(host, port, trusting, ssl.SSLSocket.getpeercert)


def _context(flags: int = 0) -> ssl.SSLContext:
    """Trust what a browser trusts, but for the name: whether it fits is asked afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_default_certs()
    context.verify_flags |= flags
    return context


def _handshake(host: str, port: int, context: ssl.SSLContext, read: T) -> Any:
    """Shake hands, through the environment's proxy where there is one, and read what came of it."""
    proxy = "" if proxy_bypass(host) else getproxies().get("https", "")
    through = urlsplit(proxy)
    to = (through.hostname or host, through.port or port)
    connection = HTTPSConnection(*to, timeout=STEP_SECONDS, context=context)
    if proxy:
        connection.set_tunnel(host, port)
    try:
        connection.connect()
        return read(connection.sock)
    finally:
        connection.close()


def _read(certificate: Any, distrust: str) -> Presented:
    issuer = {key: value for part in certificate["issuer"] for key, value in part}
    since, until = (
        datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate[name]), UTC) for name in ("notBefore", "notAfter")
    )
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    who = issuer.get("commonName") or issuer.get("organizationName") or ""
    return Presented(names, who, since, until, distrust)
