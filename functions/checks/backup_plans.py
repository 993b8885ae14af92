"""Is there a plan of AWS Backup?"""

from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import judged
from functions.core.language import marked, say
from functions.core.listed import listed
from functions.core.permissions import allow
from functions.core.regional import InRegion
from functions.core.results import Finding

TOLD = marked("AWS Backup plans: {count}")


class BackupPlans(InRegion):
    """A region."""


@check(
    allow("backup:ListBackupPlans"),
    signals={"none": "No AWS Backup plan exists in this region"},
)
def handler(parameters: BackupPlans, aws: Session) -> Finding:
    """Is there a plan of AWS Backup? Source: Huntaze, 3 "Backups"."""
    pages = aws.client("backup", parameters.region).get_paginator("list_backup_plans")
    found = listed(pages.paginate(), lambda page: page["BackupPlansList"])
    nothing = say("there is no AWS Backup plan in {region}", region=parameters.region)
    return judged(found, "BackupPlanName", {}).finding(TOLD, nothing, found)
