"""Certificates: what the load balancer presents, what ACM lists, issues and warns of."""

import json
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.listener_tls import fits
from sandbox.world import World

pytest_plugins = ["tests.sandbox.world_fixture"]

SECONDS = 15.0
ALL = {"keyTypes": ["RSA_2048", "EC_prime256v1"]}
Received = Callable[[], list[dict[str, Any]]]


def imported(world: World, *names: str, days: float = 395) -> str:
    """Import a certificate; return its ARN."""
    material = world.certificates.issue(*names, life=timedelta(days=days)).material
    return str(world.aws("acm").import_certificate(**material)["CertificateArn"])


def requested(world: World, name: str) -> dict[str, Any]:
    """Request a certificate and return what DescribeCertificate says."""
    arn = world.aws("acm").request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
    return described(world, arn)


def described(world: World, arn: str) -> dict[str, Any]:
    """Return what DescribeCertificate says."""
    found: dict[str, Any] = world.aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    return found


def prove(world: World, certificate: dict[str, Any], value: str = "") -> None:
    """Write the record that ACM asks for, or one with another value."""
    record = certificate["DomainValidationOptions"][0]["ResourceRecord"]
    values = [{"Value": value or record["Value"]}]
    written = {"Name": record["Name"], "Type": "CNAME", "TTL": 300, "ResourceRecords": values}
    changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": written}]}
    world.aws("route53").change_resource_record_sets(HostedZoneId=world.names.hosted_zone, ChangeBatch=changes)


@pytest.fixture
def received(world: World) -> Received:
    """Keep ACM's events."""
    logs, events, group = world.aws("logs"), world.aws("events"), "/aws/events/acm"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
        arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["arn"]
        events.put_rule(Name="acm", EventPattern=json.dumps({"source": ["aws.acm"]}))
        events.put_targets(Rule="acm", Targets=[{"Id": "log", "Arn": arn}])
    start = int(time.time() * 1000)

    def found() -> list[dict[str, Any]]:
        kept = logs.filter_log_events(logGroupName=group, startTime=start)["events"]
        return [json.loads(event["message"]) for event in kept]

    return found


@pytest.fixture(autouse=True)
def _quick_validation(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.certificates, "validation_seconds", 20.0)


def test_presents_what_fits_the_name_asked_for_else_the_default(world: World) -> None:
    elbv2, listener = world.aws("elbv2"), world.builder.entrance.listener()
    other = imported(world, "www.maisonganopa.com")
    elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": other}])
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        world.client.days_left(world.host)
    elbv2.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": world.builder.certificate}])
    assert world.client.days_left(world.host) > 390
    extra = elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
    assert [(one["CertificateArn"], one["IsDefault"]) for one in extra] == [
        (other, True),
        (world.builder.certificate, False),
    ]
    shown = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]["Certificates"]
    assert [one["CertificateArn"] for one in shown] == [other]


def test_a_new_default_leaves_the_other_certificates(world: World) -> None:
    elbv2, listener = world.aws("elbv2"), world.builder.entrance.listener()
    first, second = imported(world, "a.example.com"), imported(world, "b.example.com")
    elbv2.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": first}])
    elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": second}])
    there = elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
    assert [one["CertificateArn"] for one in there] == [second, first]
    assert described(world, second)["InUseBy"] == [world.names.load_balancer]
    assert described(world, world.builder.certificate)["InUseBy"] == []


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("api.example.com", "API.example.com", True),
        ("*.example.com", "api.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("example.com", "api.example.com", False),
    ],
)
def test_wildcards_stand_for_one_label(pattern: str, name: str, *, expected: bool) -> None:
    assert fits(pattern, name) is expected


def test_lists_only_rsa_unless_asked_in_pages(world: World) -> None:
    acm = world.aws("acm")
    imported(world, "a.example.com")
    assert acm.list_certificates()["CertificateSummaryList"] == []
    first = acm.list_certificates(Includes=ALL, MaxItems=1)
    rest = acm.list_certificates(Includes=ALL, MaxItems=1, NextToken=first["NextToken"])
    names = [one["SubjectAlternativeNameSummaries"] for page in (first, rest) for one in page["CertificateSummaryList"]]
    assert names == [[world.host], ["a.example.com"]]
    assert "NextToken" not in rest


def test_request_waits_for_its_record_and_is_then_issued(world: World, received: Received) -> None:
    asked = requested(world, world.host)
    assert (asked["Status"], asked.get("NotAfter")) == ("PENDING_VALIDATION", None)
    assert asked["DomainValidationOptions"][0]["ValidationStatus"] == "PENDING_VALIDATION"
    prove(world, asked, "_wrong.acm-validations.aws.")
    time.sleep(1)
    assert described(world, asked["CertificateArn"])["Status"] == "PENDING_VALIDATION"
    with pytest.raises(ClientError, match="RequestInProgressException"):
        world.aws("acm").get_certificate(CertificateArn=asked["CertificateArn"])
    prove(world, asked)
    world.wait_until(lambda: described(world, asked["CertificateArn"])["Status"] == "ISSUED", SECONDS)
    made = described(world, asked["CertificateArn"])
    assert (made["Type"], made["KeyAlgorithm"], made["DomainName"]) == ("AMAZON_ISSUED", "RSA_2048", world.host)
    assert made["DomainValidationOptions"][0]["ValidationStatus"] == "SUCCESS"
    world.wait_until(received, SECONDS)
    event = received()[0]
    assert (event["detail-type"], event["resources"]) == ("ACM Certificate Available", [asked["CertificateArn"]])
    assert (event["detail"]["Action"], event["detail"]["CommonName"]) == ("ISSUANCE", world.host)


def test_the_same_token_asks_once(world: World) -> None:
    acm, asked = world.aws("acm"), {"DomainName": world.host, "ValidationMethod": "DNS"}
    arns = {acm.request_certificate(**asked, IdempotencyToken="t")["CertificateArn"] for _ in range(2)}
    assert len(arns) == 1
    other = acm.request_certificate(**asked)["CertificateArn"]
    records = {described(world, arn)["DomainValidationOptions"][0]["ResourceRecord"]["Name"] for arn in (*arns, other)}
    assert len(records) == 1
    acm.delete_certificate(CertificateArn=arns.pop())
    assert acm.request_certificate(**asked, IdempotencyToken="t")["CertificateArn"] != other


def test_request_is_given_up_after_three_days(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.certificates, "given_up_seconds", 30.0)
    arn = requested(world, world.host)["CertificateArn"]
    world.wait_until(lambda: described(world, arn)["Status"] == "VALIDATION_TIMED_OUT", SECONDS)
    assert described(world, arn)["DomainValidationOptions"][0]["ValidationStatus"] == "FAILED"


def test_request_fails_where_the_zone_forbids_amazon(world: World) -> None:
    world.break_("certificate-failed")
    listed = world.aws("acm").list_certificates()["CertificateSummaryList"]
    found = described(world, next(one["CertificateArn"] for one in listed if one["Status"] == "FAILED"))
    assert (found["FailureReason"], found.get("NotAfter")) == ("CAA_ERROR", None)


def test_only_an_issued_certificate_can_be_attached_and_an_attached_one_not_deleted(world: World) -> None:
    listener, asked = world.builder.entrance.listener(), requested(world, world.host)
    with pytest.raises(ClientError, match="UnsupportedCertificate"):
        world.aws("elbv2").modify_listener(
            ListenerArn=listener, Certificates=[{"CertificateArn": asked["CertificateArn"]}]
        )
    with pytest.raises(ClientError, match="ResourceInUseException"):
        world.aws("acm").delete_certificate(CertificateArn=world.builder.certificate)


def test_warns_once_a_day_before_a_certificate_ends(world: World, received: Received) -> None:
    far, near = imported(world, "far.example.com", days=60), imported(world, "near.example.com", days=31.5)
    world.wait_until(received, SECONDS)
    time.sleep(1)
    (event,) = received()
    assert (event["detail-type"], event["resources"]) == ("ACM Certificate Approaching Expiration", [near])
    assert event["detail"] == {"DaysToExpiry": 31, "CommonName": "near.example.com"}
    assert described(world, far)["Status"] == "ISSUED"


def test_ended_certificate_is_expired_in_acm(world: World) -> None:
    world.break_("certificate-expired")
    assert described(world, world.builder.certificate)["Status"] == "EXPIRED"


def test_what_is_not_simulated_fails(started_world: World) -> None:
    with pytest.raises(ClientError, match=r"NotSimulated.*validated by DNS"):
        started_world.aws("acm").request_certificate(DomainName="a.example.com", ValidationMethod="EMAIL")
