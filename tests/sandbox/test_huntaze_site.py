"""Huntaze's app: what its endpoints answer when all is well, and in each way in which it can be broken."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.core.fetch import fetch
from sandbox.huntaze_site import PASSWORD, HuntazeSite
from sandbox.traffic import HttpsClient

ADDRESS = "https://main.d33l77zi1h78ce.amplifyapp.com"
PATHS = ["/api/health", *(f"/api/health/{part}" for part in ("overall", "config", "database", "auth")), "/api/ping"]
Break = Callable[[HuntazeSite], None]
# What answers 503; the others answer 200
BROKEN: dict[Break, set[str]] = {
    HuntazeSite.break_liveness: {"/api/health", "/api/health/config", "/api/health/overall"},
    HuntazeSite.break_database: {"/api/health/database", "/api/health/overall"},
    HuntazeSite.break_auth: {"/api/health/auth", "/api/health/overall"},
    HuntazeSite.break_config: {"/api/health/config", "/api/health/overall"},
    HuntazeSite.break_overall: {"/api/health/overall"},
}


@pytest.fixture
def site() -> Iterator[HuntazeSite]:
    """The app, running."""
    started = HuntazeSite(ADDRESS)
    started.start()
    yield started
    started.stop()


def unwell(site: HuntazeSite) -> set[str]:
    """Ask every endpoint; list those that answer 503, where all others answer 200."""
    answers = {path: site.get(path)[0] for path in PATHS}
    assert set(answers.values()) <= {200, 503}
    return {path for path, status in answers.items() if status == 503}


def test_all_is_well_and_what_it_does_not_serve_is_404(site: HuntazeSite) -> None:
    assert unwell(site) == set()
    assert site.healthy()
    assert json.loads(site.get("/api/health/overall")[1])["parts"] == dict.fromkeys(
        ("database", "auth", "config"), True
    )
    assert {site.get(path)[0] for path in ("/", "/api/health/", "/api/health/cache", "/api/test-env")} == {404}


@pytest.mark.parametrize(("break_", "failing"), BROKEN.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_each_break_shows_where_it_would_and_heals(site: HuntazeSite, break_: Break, failing: set[str]) -> None:
    break_(site)
    assert unwell(site) == failing
    assert not site.healthy()
    site.heal()
    assert unwell(site) == set()
    assert site.healthy()


def test_what_cannot_be_reached_gives_no_answer_until_it_is_healed(site: HuntazeSite) -> None:
    site.break_reach()
    with pytest.raises(OSError, match="502"):
        site.get("/api/ping")
    assert not site.healthy()
    site.heal()
    assert site.healthy()


def test_a_function_reaches_it_by_its_environment_alone(site: HuntazeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert fetch(f"{ADDRESS}/api/health").status == 200
    assert fetch("https://example.com/api/health").error == "other"
    monkeypatch.delenv("SSL_CERT_FILE")
    assert fetch(f"{ADDRESS}/api/health").error == "tls"


def test_only_who_trusts_its_authority_believes_it(site: HuntazeSite) -> None:
    another = HuntazeSite(ADDRESS)
    try:
        stranger = HttpsClient(
            int(site.environment["HTTPS_PROXY"].rpartition(":")[2]), another.environment["SSL_CERT_FILE"]
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.request("GET", f"{ADDRESS}/api/health")
    finally:
        another.stop()


def test_who_says_nothing_is_given_up_before_a_function_would_be(site: HuntazeSite) -> None:
    port = int(site.environment["HTTPS_PROXY"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as silent:
        silent.sendall(f"CONNECT {ADDRESS.removeprefix('https://')}:443 HTTP/1.1\r\n\r\n".encode())
        assert b"200" in silent.recv(4096)
        assert silent.recv(4096) == b""


def test_an_app_that_fails_says_more_than_it_should(site: HuntazeSite) -> None:
    """So that the system's tests have something to find where nothing of it may be."""
    assert PASSWORD.encode() not in site.get("/api/health/database")[1]
    site.break_database()
    assert PASSWORD.encode() in site.get("/api/health/database")[1]


def test_nothing_is_left_of_one_that_was_never_started() -> None:
    made = HuntazeSite(ADDRESS)
    made.stop()
    assert not Path(made.environment["SSL_CERT_FILE"]).exists()
