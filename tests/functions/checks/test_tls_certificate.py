import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from functions.checks.tls_certificate import handler
from functions.core import tls
from functions.core.results import Finding
from tests.functions.checks.https_site import JsonSite, authority, serving, trusted
from tests.functions.conftest import RunCheck

__all__ = ["authority", "trusted"]
HOST = "api.maisonganopa.com"
FINE = {"no-handshake": False, "expired": False, "near-expiry": False, "wrong-name": False, "untrusted": False}
Present = Callable[..., int]


@pytest.fixture(autouse=True)
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host of ours is on this machine."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **other: look_up("127.0.0.1", *rest, **other) if host else None
    )


@pytest.fixture
def present(authority: trustme.CA) -> Iterator[Present]:
    """Let a host present a certificate for names that ends in so many days; return its port."""
    with ExitStack() as sites:

        def start(*names: str, days: float = 90, issuer: trustme.CA = authority, since: float = -365) -> int:
            now = datetime.now(UTC)
            dates = {"not_before": now + timedelta(days=since), "not_after": now + timedelta(days=days)}
            return sites.enter_context(serving(issuer.issue_cert(*names, **dates), JsonSite))  # type: ignore[arg-type]

        yield start


def look(run_check: RunCheck, port: int, days: int = 30) -> Finding:
    return run_check(handler, host=HOST, port=port, days=days)


def test_healthy(run_check: RunCheck, present: Present) -> None:
    finding = look(run_check, present(HOST, "www.maisonganopa.com", days=90.5))
    assert finding.signals == FINE
    assert finding.facts["names"] == [HOST, "www.maisonganopa.com"]
    assert finding.facts["days"] == 90
    assert finding.facts["not_after"].startswith(f"{datetime.now(UTC) + timedelta(days=90.5):%Y-%m-%d}")
    assert finding.facts["issuer"]


def test_expired(run_check: RunCheck, present: Present) -> None:
    finding = look(run_check, present(HOST, days=-3))
    assert finding.signals == FINE | {"expired": True}
    assert finding.facts["days"] in (-3, -4)


def test_not_valid_yet(run_check: RunCheck, present: Present) -> None:
    assert look(run_check, present(HOST, since=2)).signals == FINE | {"expired": True}


@pytest.mark.parametrize(("days", "near"), [(29.5, True), (30.5, False), (0.1, True)])
def test_near_expiry(run_check: RunCheck, present: Present, days: float, *, near: bool) -> None:
    assert look(run_check, present(HOST, days=days)).signals == FINE | {"near-expiry": near}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("*.maisonganopa.com", False),
        ("API.maisonganopa.com", False),
        ("*.com", True),
        ("maisonganopa.com", True),
        ("*.api.maisonganopa.com", True),
        ("api.maisonganopa.com.evil.org", True),
    ],
)
def test_names(run_check: RunCheck, present: Present, name: str, *, wrong: bool) -> None:
    assert look(run_check, present(name)).signals == FINE | {"wrong-name": wrong}


def test_a_stranger_s_certificate(run_check: RunCheck, present: Present) -> None:
    finding = look(run_check, present(HOST, issuer=trustme.CA()))
    assert finding.signals == FINE | {"untrusted": True}
    assert finding.facts["names"] == [HOST]
    assert "not trusted: " in finding.summary


def test_a_stranger_s_certificate_that_has_expired(run_check: RunCheck, present: Present) -> None:
    finding = look(run_check, present("www.maisonganopa.com", issuer=trustme.CA(), days=-1))
    assert finding.signals == FINE | {"untrusted": True, "expired": True, "wrong-name": True}


def ended() -> trustme.CA:
    """Make an authority whose own certificate has expired."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ended")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    signed = builder.sign(key, SHA256())
    as_pem = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return trustme.CA.from_pem(signed.public_bytes(Encoding.PEM), key.private_bytes(*as_pem))


def test_who_vouches_for_it_has_expired(run_check: RunCheck, present: Present, tmp_path: Path) -> None:
    issuer = ended()
    issuer.cert_pem.write_to_path(tmp_path / "authority.pem")
    assert look(run_check, present(HOST, issuer=issuer)).signals == FINE | {"untrusted": True}


@pytest.mark.parametrize("how", ["silent", "refusing", "plain"])
def test_no_handshake(run_check: RunCheck, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(tls, "STEP_SECONDS", 1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if how != "refusing":
            listening.listen()
        finding = look(run_check, listening.getsockname()[1])
    assert finding.signals == dict.fromkeys(FINE, None) | {"no-handshake": True}
    assert finding.evidence


def test_the_proxy_of_the_environment_is_used(
    run_check: RunCheck, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = present(HOST)
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert look(run_check, port).signals["no-handshake"]


@pytest.mark.parametrize("host", ["", "localhost", "https://host.com", "*.maisonganopa.com", "a..com", "-.com"])
def test_only_host_names(run_check: RunCheck, host: str) -> None:
    with pytest.raises(ValidationError, match="host"):
        run_check(handler, host=host, port=443, days=30)
