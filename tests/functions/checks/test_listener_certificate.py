from typing import Any

import pytest
import trustme

from functions.checks.listener_certificate import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from sandbox.patches import acm
from tests.functions.authority import HOST, Certificates
from tests.functions.conftest import Network, RunCheck
from tests.functions.listener import Listener

FINE = {
    "none-attached": False,
    "attached-expired": False,
    "attached-wrong-name": False,
    "attached-not-issued": False,
    "usable-not-attached": False,
}


class World:
    """A listener and ACM's certificates."""

    def __init__(self, operator: Session, network: Network, target_group: str, run_check: RunCheck) -> None:
        self.certificates, self.run = Certificates(operator), run_check
        self.attached = self.certificates.add(HOST)
        self.listener = Listener(operator, network, target_group, self.attached)

    def attach(self, arn: str) -> str:
        """Make a certificate the listener's default one."""
        self.listener.elb.modify_listener(ListenerArn=self.listener.listener, Certificates=[{"CertificateArn": arn}])
        return arn

    def also(self, arn: str) -> str:
        """Let the listener have a certificate besides its default one."""
        self.listener.elb.add_listener_certificates(
            ListenerArn=self.listener.listener, Certificates=[{"CertificateArn": arn}]
        )
        return arn

    def look(self, **other: Any) -> Finding:
        """Run the check."""
        return self.run(handler, **{"load_balancer": self.listener.arn, "port": 443, "host": HOST} | other)


@pytest.fixture
def world(operator: Session, network: Network, target_group: str, run_check: RunCheck) -> World:
    """The listener has a valid certificate for the host."""
    return World(operator, network, target_group, run_check)


def test_healthy(world: World) -> None:
    world.certificates.add("www.example.com", days=200)
    finding = world.look()
    assert finding.signals == FINE
    assert finding.facts["attached"] == world.attached
    assert finding.facts["status"] == "ISSUED"
    assert finding.facts["usable"] is None
    assert finding.facts["names"] == [HOST]


def test_none_attached(world: World, target_group: str) -> None:
    world.listener.elb.create_listener(
        LoadBalancerArn=world.listener.arn,
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
    )
    finding = world.look(port=80)
    assert finding.signals == FINE | {"none-attached": True, "usable-not-attached": True}
    assert finding.facts["usable"] == world.attached


def test_expired(world: World) -> None:
    expired = world.attach(world.certificates.add(HOST, days=-1))
    world.certificates.acm.delete_certificate(CertificateArn=world.attached)
    finding = world.look()
    assert finding.signals == FINE | {"attached-expired": True}
    assert (finding.facts["attached"], finding.facts["status"]) == (expired, "EXPIRED")


def test_expired_and_a_valid_one_is_there(world: World) -> None:
    world.attach(world.certificates.add(HOST, days=-1))
    longest = world.certificates.add("*.maisonganopa.com", days=200)
    finding = world.look()
    assert finding.signals == FINE | {"attached-expired": True, "usable-not-attached": True}
    assert finding.facts["usable"] == longest


def test_wrong_name(world: World) -> None:
    world.attach(world.certificates.add("maisonganopa.com", "*.api.maisonganopa.com", days=900))
    finding = world.look()
    assert finding.signals == FINE | {"attached-wrong-name": True, "usable-not-attached": True}
    assert finding.facts["usable"] == world.attached


@pytest.mark.parametrize("status", ["REVOKED", "INACTIVE", "FAILED"])
def test_not_issued(world: World, status: str) -> None:
    world.certificates.bundle(world.attached).status = status
    assert world.look().signals == FINE | {"attached-not-issued": True}


def test_a_certificate_besides_the_default_one_is_presented_where_it_fits(world: World) -> None:
    world.attach(world.certificates.add("www.maisonganopa.com"))
    also = world.also(world.certificates.add(HOST, days=100))
    finding = world.look()
    assert finding.signals == FINE
    assert finding.facts["attached"] == also


def test_of_several_that_fit_the_best_is_presented(world: World) -> None:
    best = world.also(world.certificates.add(HOST, days=100))
    world.also(world.certificates.add(HOST, days=300, key=trustme.KeyType.RSA))
    finding = world.look()
    assert finding.facts["attached"] == best
    assert finding.signals == FINE


def test_one_that_lasts_longer_is_better(world: World) -> None:
    world.certificates.add(HOST, days=80)
    assert world.look().signals == FINE
    renewed = world.certificates.add(HOST, days=100)
    finding = world.look()
    assert finding.signals == FINE | {"usable-not-attached": True}
    assert finding.facts["usable"] == renewed


def test_what_is_not_valid_is_not_better(world: World) -> None:
    world.attach(world.certificates.add(HOST, days=-1))
    world.certificates.acm.delete_certificate(CertificateArn=world.attached)
    world.certificates.request()
    world.certificates.add(HOST, days=-2)
    world.certificates.add(HOST, days=500)  # begins in 135 days
    assert world.look().signals == FINE | {"attached-expired": True}


def test_every_page_and_every_kind_of_key_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.core.certificates.PAGE", 2)
    world.attach(world.certificates.add("www.maisonganopa.com"))
    world.certificates.acm.delete_certificate(CertificateArn=world.attached)
    for n in range(5):
        world.certificates.add(f"{n}.example.com", key=trustme.KeyType.RSA)
    usable = world.certificates.add(HOST)
    assert world.look().facts["usable"] == usable


def test_what_could_not_be_read_is_unknown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.core.certificates.PAGE", 1)
    world.certificates.add(HOST, days=200)
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = world.look()
    assert finding.signals == FINE | {"usable-not-attached": None}
    assert finding.summary.endswith("; there are more certificates than could be read")


def test_another_certificate_that_could_not_be_read_may_be_presented(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.core.certificates.PAGE", 1)
    world.also(world.certificates.add(HOST, days=100))
    world.certificates.add(HOST, days=200)
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = world.look()
    assert finding.signals == dict.fromkeys(FINE, None) | {"none-attached": False}
    assert finding.facts["attached"] == world.attached
    assert finding.summary.endswith("; there are more certificates than could be read")


@pytest.mark.parametrize("name", ["b.example.com", HOST])
def test_names_that_acm_does_not_list_are_asked_for(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(acm, "SUMMARIES", 1)
    world.certificates.add("a.example.com", name, days=200)
    assert world.look().signals == FINE | {"usable-not-attached": name == HOST}


def test_names_that_there_was_no_time_to_ask_for_leave_it_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acm, "SUMMARIES", 1)
    for name in "bc":
        world.certificates.add("a.example.com", f"{name}.example.com")
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert world.look().signals == FINE | {"usable-not-attached": None}


def test_no_such_listener_is_unknown(world: World) -> None:
    with pytest.raises(NotFound, match=r"there is no listener of .* on port 8443"):
        world.look(port=8443)
