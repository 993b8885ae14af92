"""Why HTTPS does not work, or soon will not."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.certificates import LIFE
from sandbox.incidents.incident import Incident

if TYPE_CHECKING:
    from sandbox.world import World

RUNBOOK = "https_broken"
ENDS_SOON = timedelta(days=20)
MOMENT = timedelta(seconds=3)  # ACM imports no certificate that has ended
OTHER_HOST = "www.maisonganopa.com"
SECONDS = 20.0


def expired(world: World) -> None:
    """The certificate that was imported months ago has ended."""
    _import(world, world.host, life=MOMENT)
    time.sleep(MOMENT.total_seconds())


def near_expiry(world: World) -> None:
    """The certificate that was imported months ago ends in a few weeks."""
    _import(world, world.host, life=ENDS_SOON)


def wrong_name(world: World) -> None:
    """The certificate was renewed for other names: a wildcard stands for one label only."""
    _import(world, OTHER_HOST, f"*.{world.host}")


def not_attached(world: World) -> None:
    """The listener presents another site's certificate; the right one lies ready in ACM."""
    acm = world.aws("acm")
    listed = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    there = next((one["CertificateArn"] for one in listed if one["DomainName"] == OTHER_HOST), None)
    material = world.certificates.issue(OTHER_HOST).material
    _attach(world, there or acm.import_certificate(**material)["CertificateArn"])


def pending(world: World) -> None:
    """The certificate has ended; its successor was requested, but nobody wrote the record that proves the domain."""
    expired(world)
    _request(world)


def failed(world: World) -> None:
    """The certificate has ended; its successor's validation failed, for the zone allows another authority only."""
    value = {"Value": '0 issue "letsencrypt.org"'}
    record = {"Name": f"{world.builder.domain}.", "Type": "CAA", "TTL": 300, "ResourceRecords": [value]}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    world.aws("route53").change_resource_record_sets(
        HostedZoneId=world.names.hosted_zone, ChangeBatch={"Changes": changes}
    )
    expired(world)
    arn, acm = _request(world), world.aws("acm")
    world.wait_until(lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "FAILED", SECONDS)


def attached(world: World) -> None:
    """The listener presents the certificate that it was created with."""
    _attach(world, world.builder.certificate)


def _import(world: World, *names: str, life: timedelta = LIFE) -> None:
    """Import another certificate in place of the one that is attached."""
    material = world.certificates.issue(*names, life=life).material
    world.aws("acm").import_certificate(CertificateArn=world.builder.certificate, **material)


def _request(world: World) -> str:
    return str(world.aws("acm").request_certificate(DomainName=world.host, ValidationMethod="DNS")["CertificateArn"])


def _attach(world: World, arn: str) -> None:
    elbv2, listener = world.aws("elbv2"), world.builder.entrance.listener()
    there = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]["Certificates"]
    if there != [{"CertificateArn": arn}]:
        elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": arn}])


INCIDENTS = (
    Incident("certificate-expired", "The certificate has ended", expired, "request_certificate", attached, RUNBOOK),
    Incident(
        "certificate-not-attached",
        "The right certificate is not attached",
        not_attached,
        "attach_certificate",
        runbook=RUNBOOK,
    ),
    Incident(
        "certificate-wrong-name",
        "The certificate names other hosts",
        wrong_name,
        "request_certificate",
        attached,
        RUNBOOK,
    ),
    Incident(
        "certificate-pending",
        "The certificate has ended, its successor waits for a record",
        pending,
        "request_certificate",
        attached,
        RUNBOOK,
    ),
    Incident(
        "certificate-failed", "The certificate has ended, its successor's validation failed", failed, runbook=RUNBOOK
    ),
    Incident(
        "certificate-near-expiry",
        "The certificate ends in a few weeks",
        near_expiry,
        "request_certificate",
        attached,
        RUNBOOK,
    ),
)
