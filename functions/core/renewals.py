"""Whether ACM renews the certificates that are in use."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.core import certificates
from functions.core.aws import Session
from functions.core.each import each
from functions.core.language import say
from functions.core.listed import Listed, listed
from functions.core.reading import over
from functions.core.template import readable

if TYPE_CHECKING:
    from types_boto3_acm.type_defs import CertificateSummaryTypeDef

IMPORTED, ELIGIBLE = "IMPORTED", "ELIGIBLE"
SHARE = 2  # of the time: for the list, for the renewals
BEGINS = timedelta(days=90)  # before the end: ACM begins 60 days before it, or later
GIVEN_UP = ("FAILED", "PENDING_VALIDATION")  # the latter: ACM could not validate the names, people have to
ANY = "arn:aws:acm:*:{account}:certificate/*"  # the region is the check's parameter, and {region} the service's own


class Used(NamedTuple):
    """A certificate in use: its end, whether ACM does not renew it, and what says so; None where that is unknown."""

    name: str
    until: datetime | None
    stuck: bool | None
    renewal: str | None

    def ends_by(self, moment: datetime) -> bool | None:
        """Say whether it is not valid any more at some time."""
        return self.until <= moment if self.until else None

    @property
    def line(self) -> str:
        """Tell of it."""
        end = f"{self.until:%Y-%m-%d}" if self.until else None
        told = {"name": self.name, "end": readable(end), "renewal": readable(self.renewal)}
        return say("{name}: valid until {end}; renewal: {renewal}", **told)


def used(aws: Session, region: str) -> Listed[Used]:
    """Read a region's certificates that are in use, and how far ACM is where it may have begun to renew one."""
    pages = certificates.pages(aws, region)
    found = listed(pages, lambda page: [one for one in page["CertificateSummaryList"] if one["InUse"]], SHARE)

    def status(arn: str) -> tuple[str, str]:
        return arn, certificates.describe(aws, arn, region).get("RenewalSummary", {}).get("RenewalStatus", ELIGIBLE)

    begun = [one["CertificateArn"] for one in found.found if _may_have_begun(one)]
    statuses: dict[str, str | None] = dict.fromkeys(begun) | dict(each(Listed(begun), status, over(SHARE)).found)
    return Listed([_used(one, statuses) for one in found.found], found.whole)


def _may_have_begun(one: "CertificateSummaryTypeDef") -> bool:
    return one.get("RenewalEligibility") == ELIGIBLE and (
        "NotAfter" not in one or one["NotAfter"] <= datetime.now(UTC) + BEGINS
    )


def _used(one: "CertificateSummaryTypeDef", statuses: Mapping[str, str | None]) -> Used:
    told = IMPORTED if one["Type"] == IMPORTED else one.get("RenewalEligibility")
    renewal = statuses.get(one["CertificateArn"], told)
    stuck = None if renewal is None else renewal in (IMPORTED, "INELIGIBLE", *GIVEN_UP)
    name = f"{one['DomainName']} ({one['CertificateArn'].rpartition('/')[2]})"
    return Used(name, one.get("NotAfter"), stuck, renewal)
