from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.acm.models import CertBundle
from pydantic import ValidationError

from functions.checks.certificates_renewal import handler
from functions.core import certificates, reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.authority import HOST, Certificates
from tests.functions.conftest import Network, RunCheck
from tests.functions.listener import Listener
from tests.functions.paging import paged

FINE = {"expires-soon": False, "not-renewed": False, "none": False}
IMPORTED = FINE | {"not-renewed": True}
NONE = {"expires-soon": False, "not-renewed": False, "none": True}


class World:
    """A listener whose certificates are in use, and what ACM says of them."""

    def __init__(self, operator: Session, network: Network, target_group: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.certificates, self.said = Certificates(operator), dict[str, dict[str, Any]]()
        self.listener = Listener(operator, network, target_group, self.certificates.add("unused.example.com"))
        self.elb, moto = self.listener.elb, CertBundle.describe

        def describe(bundle: CertBundle) -> Any:
            told = moto(bundle)
            told["Certificate"] |= self.said.get(bundle.arn, {})
            told["Certificate"] = {name: one for name, one in told["Certificate"].items() if one is not None}
            return told

        monkeypatch.setattr(CertBundle, "describe", describe)

    def use(self, arn: str) -> str:
        """Let the listener have this certificate, and no other."""
        self.elb.modify_listener(ListenerArn=self.listener.listener, Certificates=[{"CertificateArn": arn}])
        return arn

    def imported(self, name: str = HOST, days: float = 200) -> str:
        """Import a certificate that is used."""
        return self.use(self.certificates.add(name, days=days))

    def issued(self, days: float = 200, status: str | None = None, eligibility: str | None = "ELIGIBLE") -> str:
        """Have a certificate of ACM's in use, whose renewal has come to a status."""
        arn = self.certificates.request(HOST, "ISSUED")
        renewal: dict[str, Any] = {
            "RenewalStatus": status,
            "UpdatedAt": datetime.now(UTC),
            "DomainValidationOptions": [],
        }
        self.said[arn] = {
            "NotBefore": datetime.now(UTC) - timedelta(days=1),
            "NotAfter": datetime.now(UTC) + timedelta(days=days),
            "RenewalEligibility": eligibility,
            "RenewalSummary": renewal if status else None,
        }
        return self.use(arn)


@pytest.fixture
def world(operator: Session, network: Network, target_group: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """A listener with a certificate."""
    return World(operator, network, target_group, monkeypatch)


def look(run_check: RunCheck, days: int = 30) -> Finding:
    return run_check(handler, region=REGION, days=days)


def listed(arn: str) -> str:
    return f"{HOST} ({arn.rpartition('/')[2]})"


@pytest.mark.parametrize(("days", "status"), [(200, None), (50, None), (50, "PENDING_AUTO_RENEWAL"), (50, "SUCCESS")])
def test_healthy(run_check: RunCheck, world: World, days: int, status: str | None) -> None:
    world.issued(days, status)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == "1 certificates in use: 0 end within 30 days, 0 are not renewed by ACM"
    assert finding.evidence == []


@pytest.mark.parametrize(("days", "asked", "soon"), [(20, 30, True), (40, 30, False), (40, 60, True), (-1, 1, True)])
def test_a_certificate_ends_soon(run_check: RunCheck, world: World, days: int, asked: int, *, soon: bool) -> None:
    arn = world.issued(days)
    finding = look(run_check, asked)
    assert finding.signals == FINE | {"expires-soon": soon}
    assert finding.facts["expiring"] == ([listed(arn)] if soon else [])


def test_an_imported_certificate_is_not_renewed(run_check: RunCheck, world: World) -> None:
    arn = world.imported()
    finding = look(run_check)
    assert finding.signals == IMPORTED
    end = datetime.now(UTC) + timedelta(days=200)
    assert finding.evidence == [f"{listed(arn)}: valid until {end:%Y-%m-%d}; renewal: IMPORTED"]
    assert finding.facts["not_renewed"] == [listed(arn)]


def test_a_certificate_that_is_not_eligible(run_check: RunCheck, world: World) -> None:
    world.issued(eligibility="INELIGIBLE")
    finding = look(run_check)
    assert finding.signals == IMPORTED
    assert finding.evidence[0].endswith("renewal: INELIGIBLE")


@pytest.mark.parametrize("status", ["FAILED", "PENDING_VALIDATION"])
def test_a_renewal_that_needs_people(run_check: RunCheck, world: World, status: str) -> None:
    world.issued(50, status)
    finding = look(run_check)
    assert finding.signals == IMPORTED
    assert finding.evidence[0].endswith(f"renewal: {status}")


def test_a_renewal_is_read_where_the_certificate_is(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, describe = list[Any](), certificates.describe

    def seen(session: Session, arn: str, region: str) -> Any:
        asked.append((arn, region))
        return describe(session, arn, region)

    monkeypatch.setattr(certificates, "describe", seen)
    arn = world.issued(50)
    look(run_check)
    assert asked == [(arn, REGION)]


def test_a_renewal_that_cannot_have_begun_is_not_read(run_check: RunCheck, world: World) -> None:
    world.issued(100, "FAILED")
    assert look(run_check).signals == FINE


def test_what_acm_does_not_tell_is_unknown(run_check: RunCheck, world: World) -> None:
    arn = world.issued(eligibility=None)
    assert look(run_check).signals == FINE | {"not-renewed": None}
    world.said[arn] |= {"RenewalEligibility": "ELIGIBLE", "NotAfter": None}
    assert look(run_check).signals == FINE | {"expires-soon": None}
    world.said[arn] |= {"RenewalEligibility": "INELIGIBLE"}
    assert look(run_check).evidence == [f"{listed(arn)}: valid until unknown; renewal: INELIGIBLE"]


def test_what_nobody_uses_does_not_matter(run_check: RunCheck, world: World) -> None:
    world.certificates.add("ends.example.com", days=1)
    world.issued()
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts["certificates"] == 1


def test_no_certificate_in_use(run_check: RunCheck, world: World) -> None:
    world.elb.delete_load_balancer(LoadBalancerArn=world.listener.arn)
    assert look(run_check).signals == NONE


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.imported()
    assert run_check(handler, region="us-east-1", days=30).signals == NONE


def both(world: World) -> None:
    """Use a certificate of ACM's, and an imported one that ends soon, besides."""
    world.issued(50, "SUCCESS")
    soon = world.certificates.add("soon.example.com", days=5)
    world.elb.add_listener_certificates(ListenerArn=world.listener.listener, Certificates=[{"CertificateArn": soon}])


def test_every_page_is_read(run_check: RunCheck, world: World, aws: Session) -> None:
    both(world)
    with paged(aws.client("acm", REGION), "ListCertificates", 1) as begun:
        finding = look(run_check)
    assert finding.signals == {"expires-soon": True, "not-renewed": True, "none": False}
    assert finding.facts["certificates"] == 2
    assert begun == [0, 1, 2]


@pytest.mark.parametrize(("size", "seen"), [(1, None), (2, False)])
def test_of_a_list_that_was_cut_nothing_is_known_to_be_fine(
    run_check: RunCheck,
    world: World,
    aws: Session,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    seen: bool | None,  # noqa: FBT001
) -> None:
    both(world)
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("acm", REGION), "ListCertificates", size):
        finding = look(run_check)
    assert finding.signals == {"expires-soon": None, "not-renewed": None, "none": seen}
    assert finding.summary.endswith("; there is more than could be read")


def test_renewals_that_could_not_be_read_are_unknown(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    world.issued(50, "SUCCESS")
    second = world.issued(20, "FAILED")
    first = next(iter(world.said))
    world.elb.add_listener_certificates(ListenerArn=world.listener.listener, Certificates=[{"CertificateArn": first}])
    assert look(run_check).signals == {"expires-soon": True, "not-renewed": True, "none": False}
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check)
    assert finding.signals == {"expires-soon": True, "not-renewed": None, "none": False}
    assert finding.evidence[0].startswith(listed(second))
    assert finding.evidence[0].endswith("renewal: unknown")


@pytest.mark.parametrize(("region", "days"), [("everywhere", 30), (REGION, 0), (REGION, 366)])
def test_what_makes_no_sense_is_refused(run_check: RunCheck, region: str, days: int) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, region=region, days=days)
