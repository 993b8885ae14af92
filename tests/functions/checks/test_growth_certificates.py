"""Thousands of certificates and records: what has to be read is read, the rest is said."""

from typing import Any

import pytest

from bench.crowd import Crowd
from bench.crowd_certificates import HOST
from bench.crowd_terms import LOAD_BALANCER, Size
from bench.crowd_zone import ZONE
from functions.checks import certificate_validation, listener_certificate
from functions.core import certificates, reading
from functions.core.results import Finding
from tests.functions.checks.conftest import LookAt

ANSWERS = dict.fromkeys(["attached-expired", "attached-wrong-name", "attached-not-issued", "usable-not-attached"])
MORE = "; there are more certificates than could be read"
MOST_BYTES = 5_000


def asked(crowd: Crowd, operation: str, word: str) -> list[Any]:
    return [asked[word] for name, asked in crowd.calls if name == operation]


def described(crowd: Crowd) -> list[int]:
    """The numbers of the certificates that DescribeCertificate was called for."""
    return [int(arn.rpartition("-")[2]) for arn in asked(crowd, "DescribeCertificate", "CertificateArn")]


def validation(look_at: LookAt, crowd: Crowd, host: str = HOST) -> Finding:
    return look_at(crowd, certificate_validation.handler, host=host, hosted_zone=ZONE)


def listener(look_at: LookAt, crowd: Crowd) -> Finding:
    return look_at(crowd, listener_certificate.handler, load_balancer=LOAD_BALANCER, port=443, host=HOST)


def test_of_five_thousand_certificates_those_are_described_that_have_to_be(look_at: LookAt) -> None:
    crowd = Crowd(Size(certificates=5000))
    finding = validation(look_at, crowd)
    assert finding.signals == {"pending": True, "failed": False, "record-missing": True, "zone-not-ours": False}
    assert asked(crowd, "ListCertificates", "MaxItems") == [1000] * 5
    assert described(crowd) == [*range(499, 5000, 500), 1]
    assert len(finding.model_dump_json()) < MOST_BYTES


def test_a_name_that_acm_does_not_list_is_found(look_at: LookAt) -> None:
    finding = validation(look_at, Crowd(Size(certificates=1000)), host="119.499.example.com")
    assert finding.facts["certificate"].endswith("-000000000499")
    assert None not in finding.signals.values()


@pytest.mark.parametrize("page", [501, 1000])  # there are more pages, or names that ACM does not list
def test_certificates_that_could_not_be_read_leave_it_unknown(
    look_at: LookAt, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    monkeypatch.setattr(certificates, "PAGE", page)
    crowd = Crowd(Size(certificates=1000))
    finding = validation(look_at, crowd)
    assert finding.signals == {"pending": None, "failed": None, "record-missing": None, "zone-not-ours": False}
    assert finding.summary.endswith(MORE)
    assert (len(asked(crowd, "ListCertificates", "MaxItems")), described(crowd)) == (1, [499, 1])


def test_one_look_finds_a_record_among_ten_thousand(look_at: LookAt) -> None:
    crowd = Crowd(Size(records=10_000))
    assert validation(look_at, crowd).signals["record-missing"]
    assert asked(crowd, "ListResourceRecordSets", "MaxItems") == ["1"]


def test_of_two_thousand_certificates_of_a_listener_the_hosts_is_described(look_at: LookAt) -> None:
    crowd = Crowd(Size(attached=2000))
    finding = listener(look_at, crowd)
    assert set(finding.signals.values()) == {False}
    assert asked(crowd, "DescribeListenerCertificates", "PageSize") == ["400"] * 6
    assert described(crowd) == [*range(499, 2001, 500), 0]
    assert MORE not in finding.summary
    assert len(finding.model_dump_json()) < MOST_BYTES


@pytest.mark.parametrize("attached", [1, 500])
def test_certificates_of_a_listener_that_could_not_be_read_leave_it_unknown(
    look_at: LookAt, monkeypatch: pytest.MonkeyPatch, attached: int
) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    crowd = Crowd(Size(certificates=1001, attached=attached))
    finding = listener(look_at, crowd)
    answers = ANSWERS if attached > 1 else dict.fromkeys(ANSWERS, False) | {"usable-not-attached": None}
    assert finding.signals == {"none-attached": False} | answers
    assert finding.summary.endswith(MORE)
    assert len(asked(crowd, "DescribeListenerCertificates", "PageSize")) == 1
