"""The Route 53 zone that a host is in, and the records there that prove it to ACM."""

from typing import Annotated

from pydantic import StringConstraints

from functions.core.aws import Session
from functions.core.certificates import Record
from functions.core.errors import NotFound, Refused
from functions.core.language import say

ARN = "arn:aws:route53:::hostedzone/{hosted_zone}"
ZoneId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+$", max_length=32)]
ACM = ".acm-validations.aws."
TTL = 300


def holds(aws: Session, zone: str, host: str) -> bool:
    """Say whether a host is in a zone that the world sees.

    Raises:
        NotFound: when there is no such zone.
    """
    route53 = aws.client("route53")
    try:
        found = route53.get_hosted_zone(Id=zone)["HostedZone"]
    except route53.exceptions.NoSuchHostedZone as error:
        raise NotFound(say("there is no Route 53 zone {name}", name=zone), aws) from error
    return f".{host}.".endswith(f".{found['Name']}") and not found.get("Config", {}).get("PrivateZone", False)


def value(aws: Session, zone: str, name: str) -> str | None:
    """Return the value of a CNAME in a zone, by one look at its place: a zone may have thousands of records."""
    sets = aws.client("route53").list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=name, StartRecordType="CNAME", MaxItems="1"
    )["ResourceRecordSets"]
    named = [one for one in sets if one["Name"].lower() == name.lower() and one["Type"] == "CNAME"]
    return next((record["Value"] for one in named for record in one["ResourceRecords"]), None)


def write(aws: Session, zone: str, record: Record) -> None:
    """Write a record that ACM asks for.

    Raises:
        Refused: when it is another one.
    """
    if not (record.name.startswith("_") and record.value.startswith("_") and record.value.endswith(ACM)):
        raise Refused(say("{name} is no record that validates a certificate", name=record.name))
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": record.name,
                        "Type": "CNAME",
                        "TTL": TTL,
                        "ResourceRecords": [{"Value": record.value}],
                    },
                }
            ]
        },
    )
