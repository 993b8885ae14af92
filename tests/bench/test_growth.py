import pytest

from bench import growth
from bench.crowd import Crowd
from bench.crowd_certificates import KEYS
from bench.crowd_terms import Json, Refused, Size
from bench.crowd_zone import ZONE
from bench.growth import LOOKS
from functions.core import catalogue
from functions.core.hosts import OnHost
from statemachines import load

# What a host answers, Systems Manager cuts at 24,000 characters
HOSTS = {name for name, check in catalogue.checks().items() if issubclass(check.parameters, OnHost)}


def test_every_check_of_a_runbook_that_reads_from_aws_is_measured() -> None:
    used = {use.check for runbook in load.runbooks().values() for use in runbook.checks.values()}
    of_aws = {name for name in used if catalogue.checks()[name].permissions} - HOSTS
    assert of_aws <= {look.check for look in LOOKS}


def test_a_measurement_counts_calls_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "LATENCY", 0)
    look = next(look for look in LOOKS if look.check == "target_health")
    name, took, _, memory, calls, finding = growth.measured(look, 1000)
    assert (name, calls) == ("target_health, 1,000 targets", "1")
    assert float(took.split()[0]) < 10
    assert 20 < float(memory.split()[0]) < 256
    assert 100 < int(finding.split()[0].replace(",", "")) < 1000


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("ListTasks", {"maxResults": 101}),
        ("DescribeTasks", {"tasks": ["arn"] * 101}),
        ("DescribeImages", {"maxResults": 1001}),
        ("DescribeImages", {"imageIds": [{"imageTag": "gone"}]}),
        ("ListCertificates", {"MaxItems": 1001}),
        ("DescribeCertificate", {"CertificateArn": "arn:aws:acm:::certificate/a-000000000999"}),
        ("DescribeListenerCertificates", {"PageSize": "401"}),
        ("FilterLogEvents", {"filterPattern": '"a" "b"'}),
        ("GetHostedZone", {"Id": "Z1"}),
    ],
)
def test_the_crowd_refuses_what_aws_refuses(operation: str, asked: dict[str, object]) -> None:
    with pytest.raises(Refused):
        Crowd(Size()).answer(operation, asked)


def test_a_check_that_asks_the_service_itself_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "LATENCY", 0)
    look = next(look for look in LOOKS if look.what == "fields")
    name, *_, calls, finding = growth.measured(look, 1000)
    assert (name, calls) == ("deployed_version, 1,000 fields", "3")
    assert 300 < int(finding.split()[0]) < 1000


def test_a_page_of_the_log_holds_a_megabyte_or_ten_thousand_lines() -> None:
    short, long = Crowd(Size(lines=20_000), line=lambda _: "x"), Crowd(Size(lines=20_000), line=lambda _: "x" * 1000)
    assert [len(crowd.answer("FilterLogEvents", {})["events"]) for crowd in (short, long)] == [10_000, 1000]


def test_a_page_of_the_log_is_empty_where_no_line_fits_and_more_may_follow() -> None:
    crowd = Crowd(Size(lines=20_001), line=lambda n: "found" if n == 20_000 else "x")
    asked: Json = {"filterPattern": '"found"'}
    pages = [crowd.answer("FilterLogEvents", asked | {"nextToken": f"{start}"}) for start in (0, 10_000, 20_000)]
    assert [(len(page["events"]), "nextToken" in page) for page in pages] == [(0, True), (0, True), (1, False)]


def test_lines_are_listed_from_a_moment_on() -> None:
    crowd = Crowd(Size(lines=3))
    middle = crowd.answer("FilterLogEvents", {})["events"][1]["timestamp"]
    assert len(crowd.answer("FilterLogEvents", {"startTime": middle})["events"]) == 2


def test_of_certificates_those_with_the_usual_keys_are_listed_unless_others_are_asked_for() -> None:
    crowd = Crowd(Size(certificates=70))
    kinds = {"Includes": {"keyTypes": ["RSA_2048", "EC_prime256v1"]}}
    assert [len(crowd.answer("ListCertificates", asked)["CertificateSummaryList"]) for asked in ({}, kinds)] == [10, 20]


def test_a_certificate_with_many_names_is_listed_with_a_hundred() -> None:
    listed = Crowd(Size(certificates=501)).answer(
        "ListCertificates", {"MaxItems": 1000, "Includes": {"keyTypes": KEYS}}
    )
    long = listed["CertificateSummaryList"][499]
    assert (len(long["SubjectAlternativeNameSummaries"]), long["HasAdditionalSubjectAlternativeNames"]) == (100, True)


def test_records_begin_at_the_place_of_a_name() -> None:
    asked = {"Id": ZONE, "StartRecordName": "r5.example.com", "MaxItems": "1"}
    given = Crowd(Size(records=10)).answer("ListResourceRecordSets", asked)
    assert [one["Name"] for one in given["ResourceRecordSets"]] == ["r5.example.com."]
    assert (given["IsTruncated"], given["NextRecordName"]) == (True, "r6.example.com.")
