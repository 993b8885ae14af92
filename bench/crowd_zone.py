"""Route 53 about a crowd.

Source: the API reference of ListResourceRecordSets: records come by name, its labels read from the right, then by type.
"""

from bench.crowd_terms import Json, Refused, Service

ZONE = "Z00000000000000000001"
DOMAIN = "example.com."
MOST_RECORDS_PAGE = 300


class Zone(Service):
    """The zone that the host is in, and its records: none of them validates a certificate."""

    def _GetHostedZone(self, asked: Json) -> Json:  # noqa: N802  named as AWS names it
        _known(asked)
        config = {"PrivateZone": False}
        count = self.size.records
        zone = {"Id": f"/hostedzone/{ZONE}", "Name": DOMAIN, "CallerReference": "1", "Config": config}
        return {"HostedZone": zone | {"ResourceRecordSetCount": count}, "DelegationSet": {"NameServers": ["ns.aws"]}}

    def _ListResourceRecordSets(self, asked: Json) -> Json:  # noqa: N802
        _known(asked)
        records = sorted(([_record(n) for n in range(self.size.records)]), key=lambda one: _place(one["Name"]))
        first = _place(asked["StartRecordName"]) if "StartRecordName" in asked else []
        rest = [one for one in records if _place(one["Name"]) >= first]
        most = min(int(asked.get("MaxItems", MOST_RECORDS_PAGE)), MOST_RECORDS_PAGE)
        more = rest[most : most + 1]
        following = {"NextRecordName": more[0]["Name"], "NextRecordType": more[0]["Type"]} if more else {}
        return {"ResourceRecordSets": rest[:most], "IsTruncated": bool(more), "MaxItems": f"{most}", **following}


def _known(asked: Json) -> None:
    if asked["Id"] != ZONE:
        raise Refused(f"Id: there is no zone {asked['Id']}")


def _record(n: int) -> Json:
    values = [{"Value": f"{n}.example.net."}]
    return {"Name": f"r{n}.{DOMAIN}", "Type": "CNAME", "TTL": 300, "ResourceRecords": values}


def _place(name: str) -> list[str]:
    return name.rstrip(".").lower().split(".")[::-1]
