from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from functions.core import certificates as acm_certificates
from functions.core import reading
from functions.core import zone as route53_zone
from functions.core.aws import Session
from functions.core.certificates import Record
from functions.core.errors import NotFound, Refused
from functions.core.results import Change
from functions.fixes.request_certificate import handler
from tests.functions.authority import HOST, Certificates, Zone
from tests.functions.conftest import RunFix


@pytest.fixture(autouse=True)
def certificates(operator: Session) -> Certificates:
    """ACM."""
    return Certificates(operator)


@pytest.fixture
def zone(operator: Session) -> Zone:
    """The zone that the host is in."""
    return Zone(operator)


def request(run_fix: RunFix, zone: Zone) -> Change:
    return run_fix(handler, host=HOST, hosted_zone=zone.id)


def requested(certificates: Certificates) -> list[str]:
    """List the certificates that were asked for, by ARN, as an operator would."""
    found = certificates.acm.list_certificates()["CertificateSummaryList"]
    return [one["CertificateArn"] for one in found if one["Type"] == "AMAZON_ISSUED"]


def test_request(run_fix: RunFix, certificates: Certificates, zone: Zone) -> None:
    zone.write("www.maisonganopa.com", "elsewhere.example.com")
    change = request(run_fix, zone)
    (arn,) = requested(certificates)
    record = certificates.record(arn)
    assert change.before == {"record": "missing"}
    assert change.after == {"record": record["Value"], "name": record["Name"], "certificate": arn}
    assert change.undo is None
    described = certificates.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (described["DomainName"], described["SubjectAlternativeNames"]) == (HOST, [HOST])
    written = {one["Name"]: (one["Type"], one["ResourceRecords"]) for one in zone.records()}
    assert written == {
        "www.maisonganopa.com.": ("CNAME", [{"Value": "elsewhere.example.com"}]),
        record["Name"]: ("CNAME", [{"Value": record["Value"]}]),
    }


def test_asked_once(run_fix: RunFix, certificates: Certificates, zone: Zone) -> None:
    request(run_fix, zone)
    assert not request(run_fix, zone).changed
    assert len(requested(certificates)) == 1


def test_a_record_that_somebody_removed_is_written_again(
    run_fix: RunFix, certificates: Certificates, zone: Zone
) -> None:
    arn = certificates.request(status="ISSUED")
    assert request(run_fix, zone).changed
    assert requested(certificates) == [arn]
    assert [one["Name"] for one in zone.records()] == [certificates.record(arn)["Name"]]


def test_what_it_overwrites_is_told(run_fix: RunFix, certificates: Certificates, zone: Zone) -> None:
    record = certificates.record(certificates.request())
    zone.write(record["Name"], "_former.acm-validations.aws.")
    change = request(run_fix, zone)
    assert change.before == {"record": "_former.acm-validations.aws."}
    assert zone.records()[0]["ResourceRecords"] == [{"Value": record["Value"]}]


@pytest.mark.parametrize("where", ["request_certificate", "change_resource_record_sets"])
def test_interrupted_after_asking_it_asks_for_no_other(
    run_fix: RunFix, certificates: Certificates, zone: Zone, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    module = {"request_certificate": acm_certificates, "change_resource_record_sets": route53_zone}[where]
    name = {"request_certificate": "awaited_record", "change_resource_record_sets": "write"}[where]

    def crash(*_: object) -> Iterator[None]:
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(module, name, crash)
        with pytest.raises(TimeoutError):
            request(run_fix, zone)
    assert zone.records() == []
    change = request(run_fix, zone)
    assert change.before == {"record": "missing"}
    assert len(requested(certificates)) == len(zone.records()) == 1


@pytest.mark.parametrize("status", ["FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED"])
def test_a_new_one_where_the_last_one_came_to_nothing(
    run_fix: RunFix, certificates: Certificates, zone: Zone, status: str
) -> None:
    certificates.request(status=status, days_ago=1)
    assert request(run_fix, zone).changed
    assert len(requested(certificates)) == 2


def test_it_asks_again_within_the_hour_where_what_it_asked_for_has_failed(
    run_fix: RunFix, certificates: Certificates, zone: Zone
) -> None:
    first = request(run_fix, zone).after["certificate"]
    certificates.bundle(first).status = "FAILED"
    assert request(run_fix, zone).after["certificate"] != first


def test_acm_takes_its_time_for_the_record(
    run_fix: RunFix, certificates: Certificates, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, looks = acm_certificates.record, iter(range(3))
    monkeypatch.setattr(acm_certificates, "SECONDS", 0)
    monkeypatch.setattr(acm_certificates, "record", lambda *given: tell(*given) if next(looks, 3) == 3 else None)
    request(run_fix, zone)
    assert len(zone.records()) == len(requested(certificates)) == 1


def test_acm_tells_no_record(run_fix: RunFix, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acm_certificates, "SECONDS", 0)
    monkeypatch.setattr(acm_certificates, "record", lambda *_: None)
    with pytest.raises(TimeoutError, match="ACM does not tell the record of arn:"):
        request(run_fix, zone)


@pytest.mark.parametrize(
    "record",
    [Record(HOST, "_x.acm-validations.aws."), Record(f"_x.{HOST}", "evil.com."), Record(f"_x.{HOST}", "_x.com")],
)
def test_never_another_record(run_fix: RunFix, zone: Zone, monkeypatch: pytest.MonkeyPatch, record: Record) -> None:
    monkeypatch.setattr(acm_certificates, "record", lambda *_: record)
    with pytest.raises(Refused, match="is no record that validates a certificate"):
        request(run_fix, zone)
    assert zone.records() == []


def test_never_in_a_zone_that_the_host_is_not_in(
    run_fix: RunFix, operator: Session, certificates: Certificates
) -> None:
    with pytest.raises(Refused, match=f"{HOST} is not in [A-Z0-9]+, or"):
        request(run_fix, Zone(operator, "example.com"))
    assert requested(certificates) == []


def test_never_while_there_may_be_one_already(
    run_fix: RunFix, certificates: Certificates, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.add("a.example.com")
    certificates.add("b.example.com")
    monkeypatch.setattr(acm_certificates, "PAGE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    with pytest.raises(Refused, match="too many certificates"):
        request(run_fix, zone)


def test_no_such_zone(run_fix: RunFix, zone: Zone) -> None:
    with pytest.raises(NotFound, match="there is no Route 53 zone"):
        run_fix(handler, host=HOST, hosted_zone=zone.id[:-1])


@pytest.mark.parametrize("host", ["*.maisonganopa.com", "", "a b"])
def test_only_host_names(run_fix: RunFix, zone: Zone, host: str) -> None:
    with pytest.raises(ValidationError, match="host"):
        run_fix(handler, host=host, hosted_zone=zone.id)


def test_nothing_is_undone() -> None:
    assert handler.revert is None
