"""What AWS tells of an account and its resources, and moto did not; policies let callers see exactly that."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import ACCOUNT
from sandbox.clients import client
from sandbox.cloud import Sandbox

DATABASE = {
    "Engine": "postgres",
    "DBInstanceClass": "db.t4g.medium",
    "AllocatedStorage": 20,
    "MasterUsername": "root",
    "MasterUserPassword": "never-shown",
}
CLOSED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in us-east-1, without a system."""
    with Sandbox(region="us-east-1") as started:
        yield started
        assert started.unsimulated == []


def may(sandbox: Sandbox, *actions: str, on: str = "*") -> str:
    """Make a user who may do this and nothing else, and return the access key."""
    iam = sandbox.client("iam")
    name = f"user-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
    return str(iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"])


def test_ses_tells_whether_the_account_may_send(sandbox: Sandbox) -> None:
    ses = sandbox.client("sesv2")
    told = ses.get_account()
    assert (told["ProductionAccessEnabled"], told["SendingEnabled"]) == (False, True)
    ses.put_account_details(MailType="TRANSACTIONAL", WebsiteURL="https://huntaze.com", ProductionAccessEnabled=True)
    ses.put_account_sending_attributes(SendingEnabled=False)
    told = ses.get_account()
    assert (told["ProductionAccessEnabled"], told["SendingEnabled"]) == (True, False)
    elsewhere = client("sesv2", region="us-east-2").get_account()
    assert (elsewhere["ProductionAccessEnabled"], elsewhere["SendingEnabled"]) == (False, True)


def test_ses_tells_how_a_domain_signs_and_from_where(sandbox: Sandbox) -> None:
    ses, domain = sandbox.client("sesv2"), {"EmailIdentity": "huntaze.com"}
    ses.create_email_identity(**domain)
    before = ses.get_email_identity(**domain)
    assert (before["DkimAttributes"]["Status"], before["MailFromAttributes"]) == ("NOT_STARTED", {})
    ses.put_email_identity_dkim_attributes(**domain, SigningEnabled=True)
    ses.put_email_identity_mail_from_attributes(**domain, MailFromDomain="mail.huntaze.com")
    after = ses.get_email_identity(**domain)
    assert (after["DkimAttributes"]["Status"], after["DkimAttributes"]["SigningEnabled"]) == ("SUCCESS", True)
    assert after["MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS"
    ses.put_email_identity_mail_from_attributes(**domain)
    assert ses.get_email_identity(**domain)["MailFromAttributes"] == {}
    ses.delete_email_identity(**domain)


def test_policies_of_ses_are_for_both_of_its_apis(sandbox: Sandbox) -> None:
    sandbox.client("sesv2").create_email_identity(EmailIdentity="huntaze.com")
    ses = client("sesv2", may(sandbox, "ses:GetEmailIdentity", on=f"arn:aws:ses:*:{ACCOUNT}:identity/huntaze.com"))
    assert ses.get_email_identity(EmailIdentity="huntaze.com")["IdentityType"] == "DOMAIN"
    with pytest.raises(ClientError, match=r"ses:GetEmailIdentity on resource: .*identity/other\.com"):
        ses.get_email_identity(EmailIdentity="other.com")
    with pytest.raises(ClientError, match=r"AccessDeniedException.*not authorized to perform: ses:GetAccount"):
        ses.get_account()


def test_s3_tells_what_the_account_blocks_and_what_a_bucket_does(sandbox: Sandbox) -> None:
    account: dict[str, Any] = {"AccountId": ACCOUNT}
    sandbox.client("s3control").put_public_access_block(**account, PublicAccessBlockConfiguration=CLOSED)
    sandbox.client("s3").create_bucket(Bucket="huntaze-a")
    of_account = may(sandbox, "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets")
    told = client("s3control", of_account).get_public_access_block(**account)
    assert told["PublicAccessBlockConfiguration"] == CLOSED
    assert [one["Name"] for one in client("s3", of_account).list_buckets()["Buckets"]] == ["huntaze-a"]
    with pytest.raises(ClientError, match="s3:GetBucketPublicAccessBlock on resource: arn:aws:s3:::huntaze-a"):
        client("s3", of_account).get_public_access_block(Bucket="huntaze-a")
    of_buckets = may(sandbox, "s3:GetBucketPublicAccessBlock", on="arn:aws:s3:::*huntaze*")
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        client("s3", of_buckets).get_public_access_block(Bucket="huntaze-a")
    with pytest.raises(ClientError, match="s3:GetAccountPublicAccessBlock"):
        client("s3control", of_buckets).get_public_access_block(**account)


def test_buckets_of_a_template_are_as_it_says(sandbox: Sandbox) -> None:
    s3, formation = sandbox.client("s3"), sandbox.client("cloudformation")
    properties = {"BucketName": "huntaze-b", "PublicAccessBlockConfiguration": CLOSED}
    template = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": properties}}}
    formation.create_stack(StackName="b", TemplateBody=json.dumps(template))
    assert s3.get_public_access_block(Bucket="huntaze-b")["PublicAccessBlockConfiguration"] == CLOSED
    assert "Status" not in s3.get_bucket_versioning(Bucket="huntaze-b")
    properties |= {"VersioningConfiguration": {"Status": "Enabled"}}
    formation.update_stack(StackName="b", TemplateBody=json.dumps(template))
    assert s3.get_bucket_versioning(Bucket="huntaze-b")["Status"] == "Enabled"
    assert s3.put_object(Bucket="huntaze-b", Key="a", Body=b"")["VersionId"]


def test_databases_of_one_name_are_told_apart(sandbox: Sandbox) -> None:
    rds, name = sandbox.client("rds"), {"DBInstanceIdentifier": "huntaze"}
    first = rds.create_db_instance(**name, **DATABASE)["DBInstance"]["DbiResourceId"]
    rds.create_db_snapshot(**name, DBSnapshotIdentifier="before")
    rds.delete_db_instance(**name, SkipFinalSnapshot=True)
    second = rds.create_db_instance(**name, **DATABASE)["DBInstance"]["DbiResourceId"]
    assert first != second
    [snapshot] = rds.describe_db_snapshots(DBSnapshotIdentifier="before")["DBSnapshots"]
    assert snapshot["DbiResourceId"] == first


def test_policies_of_databases_and_caches_are_for_all_or_for_those_named(sandbox: Sandbox) -> None:
    rds = client("rds", may(sandbox, "rds:DescribeDBInstances", on=f"arn:aws:rds:*:{ACCOUNT}:db:other"))
    with pytest.raises(ClientError, match=r"rds:DescribeDBInstances on resource: .*:db:\*"):
        rds.describe_db_instances()
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        rds.describe_db_instances(DBInstanceIdentifier="other")
    caches = client("elasticache", may(sandbox, "elasticache:*", on=f"arn:aws:elasticache:*:{ACCOUNT}:snapshot:*"))
    assert caches.describe_snapshots()["Snapshots"] == []
    with pytest.raises(ClientError, match=r"DescribeReplicationGroups on resource: .*:replicationgroup:\*"):
        caches.describe_replication_groups()


def test_snapshot_of_a_cache_tells_when_it_was_taken(sandbox: Sandbox) -> None:
    elasticache, group = sandbox.client("elasticache"), {"ReplicationGroupId": "huntaze"}
    elasticache.create_replication_group(
        **group, ReplicationGroupDescription="-", TransitEncryptionEnabled=True, NumNodeGroups=2
    )
    made = elasticache.create_snapshot(**group, SnapshotName="first")["Snapshot"]
    times = [node["SnapshotCreateTime"] for node in made["NodeSnapshots"]]
    assert [node["CacheNodeId"] for node in made["NodeSnapshots"]] == ["0001", "0002"]
    assert all(datetime.now(UTC) - at < timedelta(minutes=1) for at in times)
    for enabled in (False, True):
        elasticache.modify_replication_group(**group, TransitEncryptionEnabled=enabled)
        [told] = elasticache.describe_replication_groups()["ReplicationGroups"]
        assert told["TransitEncryptionEnabled"] is enabled
    elasticache.modify_replication_group(**group, MultiAZEnabled=False)
    assert elasticache.describe_replication_groups()["ReplicationGroups"][0]["TransitEncryptionEnabled"] is True


def test_root_user_has_a_password(sandbox: Sandbox) -> None:
    summary = sandbox.client("iam").get_account_summary()["SummaryMap"]
    assert {name: summary[name] for name in summary if name.startswith("AccountP")} == {"AccountPasswordPresent": 1}
