"""What is not in one region: CloudFront's distribution, S3's buckets, Route 53's health check."""

from __future__ import annotations

from typing import Any

from sandbox.clients import client
from sandbox.huntaze.place import APP, DOMAIN
from sandbox.huntaze.undo import Undo

ASSETS, VIDEOS = "huntaze-assets-production", "huntaze-video-uploads"
CLOSED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
SECURE, PLAIN = "redirect-to-https", "allow-all"


def build() -> None:
    """Make all of them."""
    for bucket in (ASSETS, VIDEOS):
        client("s3").create_bucket(Bucket=bucket)
        _close(bucket)
    client("cloudfront").create_distribution(DistributionConfig=_distribution(SECURE))
    endpoint = {"Type": "HTTPS", "FullyQualifiedDomainName": APP.host, "Port": 443, "ResourcePath": APP.health_path}
    client("route53").create_health_check(CallerReference=APP.host, HealthCheckConfig=endpoint)


def look() -> Any:
    """Return what is to stay as it is."""
    distribution = client("cloudfront").list_distributions()["DistributionList"]["Items"][0]
    checks = client("route53").list_health_checks()["HealthChecks"]
    return (
        [_blocked(bucket) for bucket in (ASSETS, VIDEOS)],
        distribution["DefaultCacheBehavior"]["ViewerProtocolPolicy"],
        [one["HealthCheckConfig"]["Disabled"] for one in checks],
    )


def buckets_public(undo: Undo) -> None:
    """Somebody has opened a bucket, to show somebody a file."""
    client("s3").delete_public_access_block(Bucket=VIDEOS)
    undo.callback(_close, VIDEOS)


def plain_http(undo: Undo) -> None:
    """Somebody has let CloudFront answer HTTP, for an old client."""
    _update(PLAIN)
    undo.callback(_update, SECURE)


def no_health_check(undo: Undo) -> None:
    """Somebody has disabled the only health check: it counts as healthy, whatever happens."""
    [check] = client("route53").list_health_checks()["HealthChecks"]
    update = client("route53").update_health_check
    undo.call(update, {"HealthCheckId": check["Id"]}, wrong={"Disabled": True}, good={"Disabled": False})


def _close(bucket: str) -> None:
    client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=CLOSED)


def _blocked(bucket: str) -> Any:
    try:
        told = client("s3").get_public_access_block(Bucket=bucket)
    except client("s3").exceptions.ClientError:
        return None
    return told["PublicAccessBlockConfiguration"]


def _update(policy: str) -> None:
    cloudfront = client("cloudfront")
    [known] = cloudfront.list_distributions()["DistributionList"]["Items"]
    etag = cloudfront.get_distribution(Id=known["Id"])["ETag"]
    cloudfront.update_distribution(Id=known["Id"], IfMatch=etag, DistributionConfig=_distribution(policy))


def _distribution(policy: str) -> dict[str, Any]:
    origin = {"Id": "app", "DomainName": APP.host, "OriginPath": ""}
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    return {
        "CallerReference": "huntaze",
        "Comment": "Huntaze",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [f"cdn.{DOMAIN}"]},
        "Origins": {"Quantity": 1, "Items": [{**origin, "CustomOriginConfig": custom}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "app",
            "ViewerProtocolPolicy": policy,
            "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        },
    }
