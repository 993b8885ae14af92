"""A region's way in: a load balancer in two zones, its certificate, its listeners, and the targets behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import trustme
from cryptography.x509 import load_pem_x509_certificate
from moto.acm import acm_backends
from moto.elbv2 import elbv2_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.network import SERVICE_PORT, Network
from sandbox.huntaze.place import APP, DOMAIN, ROUTER, Place
from sandbox.huntaze.undo import Undo
from sandbox.patches.elbv2 import targets_of
from sandbox.targets import FAILED, HEALTHY
from sandbox.untyped import Model

HTTP, HTTPS = 80, 443
REDIRECT = {"Protocol": "HTTPS", "Port": str(HTTPS), "StatusCode": "HTTP_301"}
TARGETS = ("10.20.10.11", "10.20.11.12")
SOON, LATER = timedelta(days=20), timedelta(days=50)  # before a certificate ends: too late, and time enough to act


def build(place: Place, network: Network) -> str:
    """Make it, and return the target group's ARN."""
    elb = place.aws("elbv2")
    made = elb.create_load_balancer(
        Name=place.name, Subnets=network.public, SecurityGroups=[network.of_balancer], Scheme="internet-facing"
    )
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(
        Name=place.name,
        Protocol="HTTP",
        Port=SERVICE_PORT,
        VpcId=network.vpc,
        TargetType="ip",
        HealthCheckPath=place.health_path,
    )["TargetGroups"][0]["TargetGroupArn"]
    listener = _listen_https(place, balancer, group, _certificate(place, place.host))
    if place == APP:
        more = [{"CertificateArn": _certificate(place, DOMAIN)}]
        elb.add_listener_certificates(ListenerArn=listener, Certificates=more)
    redirect = [{"Type": "redirect", "RedirectConfig": REDIRECT}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=HTTP, DefaultActions=redirect)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": one, "Port": SERVICE_PORT} for one in TARGETS])
    for target in targets_of(_backend(place).target_groups[group]).values():
        target.health = HEALTHY
    return str(group)


def look(place: Place) -> Any:
    """Return what is to stay as it is."""
    elb = place.aws("elbv2")
    [balancer] = elb.describe_load_balancers(Names=[place.name])["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    certificates = place.aws("acm").list_certificates()["CertificateSummaryList"]
    return (
        [zone["ZoneName"] for zone in balancer["AvailabilityZones"]],
        sorted((one["Port"], one["Protocol"], one["DefaultActions"][0]["Type"]) for one in listeners),
        [(one["DomainName"], one["NotAfter"], one["RenewalEligibility"]) for one in certificates],
        [one.__dict__.get("sandbox_renewal") for one in _bundles(place)],
        [target.health for target in targets_of(_group(place)).values()],
    )


def single_zone(undo: Undo) -> None:
    """The load balancer is in one zone only."""
    balancer = _balancer(APP)
    undo.set(balancer, subnets=balancer.subnets[:1])


def no_https(undo: Undo) -> None:
    """Somebody has deleted the listener on 443."""
    elb, listener = ROUTER.aws("elbv2"), _listener(ROUTER, HTTPS)
    arn, certificate = listener["LoadBalancerArn"], listener["Certificates"][0]["CertificateArn"]
    elb.delete_listener(ListenerArn=listener["ListenerArn"])
    undo.callback(_listen_https, ROUTER, arn, _group(ROUTER).arn, certificate)


def no_redirect(undo: Undo) -> None:
    """Somebody has let the listener on 80 answer by itself."""
    listener = _listener(APP, HTTP)
    which, good = {"ListenerArn": listener["ListenerArn"]}, {"DefaultActions": listener["DefaultActions"]}
    forward = [{"Type": "forward", "TargetGroupArn": _group(APP).arn}]
    undo.call(APP.aws("elbv2").modify_listener, which, wrong={"DefaultActions": forward}, good=good)


def unhealthy(undo: Undo) -> None:
    """A target answers its health check with an error."""
    *_, last = targets_of(_group(ROUTER)).values()
    undo.set(last, health=("unhealthy", *FAILED))


def expires_soon(undo: Undo) -> None:
    """The certificate ends in a few weeks; ACM is still renewing it."""
    _ends_in(undo, APP.host, SOON, "PENDING_AUTO_RENEWAL")


def not_renewed(undo: Undo) -> None:
    """Somebody has deleted the record that proves the domain, so that ACM cannot renew the certificate."""
    _ends_in(undo, DOMAIN, LATER, "PENDING_VALIDATION")


def _ends_in(undo: Undo, host: str, left: timedelta, renewal: str) -> None:
    """Let it have been made long ago; the record of moto is the only way back in time."""
    [bundle] = [one for one in _bundles(APP) if one.common_name == host]
    start, end = datetime.now(UTC) - timedelta(days=300), datetime.now(UTC) + left
    leaf = trustme.CA().issue_cert(host, common_name=host, not_before=start, not_after=end)
    bundle.__dict__.setdefault("sandbox_renewal", None)
    undo.set(bundle, _cert=load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()), sandbox_renewal=renewal)


def _certificate(place: Place, host: str) -> str:
    """Ask for a certificate, whose validation has succeeded."""
    arn = place.aws("acm").request_certificate(DomainName=host, ValidationMethod="DNS")["CertificateArn"]
    for bundle in _bundles(place):
        bundle.status = "ISSUED"
    return str(arn)


def _bundles(place: Place) -> list[Model]:
    return list(acm_backends[ACCOUNT][place.region]._certificates.values())  # noqa: SLF001  moto has no other way


def _listen_https(place: Place, balancer: str, group: str, certificate: str) -> str:
    made = place.aws("elbv2").create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=HTTPS,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return str(made["Listeners"][0]["ListenerArn"])


def _listener(place: Place, port: int) -> Any:
    told = place.aws("elbv2").describe_listeners(LoadBalancerArn=_balancer(place).arn)["Listeners"]
    return next(one for one in told if one["Port"] == port)


def _backend(place: Place) -> Model:
    return elbv2_backends[ACCOUNT][place.region]


def _balancer(place: Place) -> Model:
    return next(one for one in _backend(place).load_balancers.values() if one.name == place.name)


def _group(place: Place) -> Model:
    return next(one for one in _backend(place).target_groups.values() if one.name == place.name)
