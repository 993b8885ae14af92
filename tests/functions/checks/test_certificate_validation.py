import pytest
from pydantic import ValidationError

from functions.checks.certificate_validation import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.authority import HOST, Certificates, Zone
from tests.functions.conftest import RunCheck

FINE = {"pending": False, "failed": False, "record-missing": False, "zone-not-ours": False}


@pytest.fixture
def certificates(operator: Session) -> Certificates:
    """ACM."""
    return Certificates(operator)


@pytest.fixture
def zone(operator: Session) -> Zone:
    """The zone that the host is in."""
    return Zone(operator)


def look(run_check: RunCheck, hosted_zone: str) -> Finding:
    return run_check(handler, host=HOST, hosted_zone=hosted_zone)


def write(certificates: Certificates, zone: Zone, arn: str) -> None:
    """Write the record that validates a certificate."""
    record = certificates.record(arn)
    zone.write(record["Name"], record["Value"])


def test_nothing_was_asked_for(run_check: RunCheck, certificates: Certificates, zone: Zone) -> None:
    certificates.add(HOST)
    finding = look(run_check, zone.id)
    assert finding.signals == FINE
    assert set(finding.facts.values()) == {None}


def test_issued(run_check: RunCheck, certificates: Certificates, zone: Zone) -> None:
    certificates.request("other.maisonganopa.com")
    certificates.request(status="FAILED", days_ago=3)
    issued = certificates.request(status="ISSUED")
    write(certificates, zone, issued)
    finding = look(run_check, zone.id)
    assert finding.signals == FINE
    assert finding.facts["certificate"] == issued


def test_the_record_is_missing(run_check: RunCheck, certificates: Certificates, zone: Zone) -> None:
    arn = certificates.request()
    zone.write(f"_other.{HOST}", "_else.acm-validations.aws.")
    finding = look(run_check, zone.id)
    assert finding.signals == FINE | {"pending": True, "record-missing": True}
    record = certificates.record(arn)
    assert finding.facts == {
        "certificate": arn,
        "status": "PENDING_VALIDATION",
        "record_name": record["Name"],
        "record_value": record["Value"],
    }


def test_the_record_has_another_value(run_check: RunCheck, certificates: Certificates, zone: Zone) -> None:
    zone.write(certificates.record(certificates.request())["Name"], "_else.acm-validations.aws.")
    assert look(run_check, zone.id).signals["record-missing"]


def test_pending_and_the_record_is_there(run_check: RunCheck, certificates: Certificates, zone: Zone) -> None:
    write(certificates, zone, certificates.request())
    assert look(run_check, zone.id).signals == FINE | {"pending": True}


def test_a_renewal_needs_the_record_too(run_check: RunCheck, certificates: Certificates, zone: Zone) -> None:
    certificates.request(status="ISSUED")
    assert look(run_check, zone.id).signals == FINE | {"record-missing": True}


@pytest.mark.parametrize("status", ["FAILED", "VALIDATION_TIMED_OUT"])
def test_failed(run_check: RunCheck, certificates: Certificates, zone: Zone, status: str) -> None:
    certificates.request(status="ISSUED", days_ago=300)
    write(certificates, zone, certificates.request(status=status))
    assert look(run_check, zone.id).signals == FINE | {"failed": True}


def test_acm_has_not_made_the_record_yet(
    run_check: RunCheck, certificates: Certificates, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.request()
    monkeypatch.setattr("functions.core.certificates.record", lambda *_: None)
    assert look(run_check, zone.id).signals == FINE | {"pending": True, "record-missing": None}


def test_no_zone_of_ours(run_check: RunCheck, certificates: Certificates) -> None:
    certificates.request()
    finding = look(run_check, "")
    assert finding.signals == FINE | {"pending": True, "record-missing": None, "zone-not-ours": True}
    assert finding.facts["record_name"]


@pytest.mark.parametrize("name", ["ganopa.com", "example.com", "www.api.maisonganopa.com"])
def test_another_zone(run_check: RunCheck, operator: Session, name: str) -> None:
    assert look(run_check, Zone(operator, name).id).signals["zone-not-ours"]


@pytest.mark.parametrize("name", [HOST, "com"])
def test_a_zone_above_or_of_its_own(run_check: RunCheck, operator: Session, name: str) -> None:
    assert look(run_check, Zone(operator, name).id).signals["zone-not-ours"] is False


def test_a_zone_that_the_world_does_not_see(run_check: RunCheck, operator: Session) -> None:
    assert look(run_check, Zone(operator, private=True).id).signals["zone-not-ours"]


def test_what_could_not_be_read_is_unknown(
    run_check: RunCheck, certificates: Certificates, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.request()
    certificates.add(HOST)
    monkeypatch.setattr("functions.core.certificates.PAGE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check, zone.id)
    assert finding.signals == dict.fromkeys(FINE, None) | {"zone-not-ours": False}
    assert finding.summary.endswith("; there are more certificates than could be read")


def test_no_such_zone_is_unknown(run_check: RunCheck) -> None:
    with pytest.raises(NotFound, match="there is no Route 53 zone Z0000000000 in"):
        look(run_check, "Z0000000000")


def test_only_ids_of_zones(run_check: RunCheck) -> None:
    with pytest.raises(ValidationError, match="hosted_zone"):
        look(run_check, "maisonganopa.com")
