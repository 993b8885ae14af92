"""Makes the simulated system what it was declared to be, without history, whatever was done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.ecs import ecs_backends

from sandbox.account import ACCOUNT, home
from sandbox.bot import ACCEPTED_KEY, RELEASE
from sandbox.declared import PUSHED
from sandbox.lock import STATE
from sandbox.patches.elbv2 import targets_of
from sandbox.targets import backend

if TYPE_CHECKING:
    from sandbox.world import World

KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def restore(world: World) -> None:
    """End and forget everything that ran, then declare everything again."""
    world.scheduler.purge()
    _forget(world)
    _images(world)
    _security_groups(world)
    world.aws("secretsmanager").put_secret_value(SecretId=world.names.openai_reference, SecretString=ACCEPTED_KEY)
    _certificates(world)
    _records(world)
    world.builder.entrance.restore()
    world.builder.create_service()


def _forget(world: World) -> None:
    names, logs = world.names, world.aws("logs")
    with STATE:
        targets_of(backend().target_groups[names.target_group]).clear()
        revisions = ecs_backends[ACCOUNT][home()].task_definitions[names.task_definition]
        for revision in [revision for revision in revisions if revision > 1]:
            del revisions[revision]
    if not logs.describe_log_groups(logGroupNamePrefix=names.log_group)["logGroups"]:
        logs.create_log_group(logGroupName=names.log_group)
    for stream in logs.describe_log_streams(logGroupName=names.log_group)["logStreams"]:
        logs.delete_log_stream(logGroupName=names.log_group, logStreamName=stream["logStreamName"])


def _images(world: World) -> None:
    ecr, repository = world.aws("ecr"), world.names.repository
    listed = ecr.list_images(repositoryName=repository)["imageIds"]
    undeclared = [{"imageTag": one["imageTag"]} for one in listed if one.get("imageTag", RELEASE) not in PUSHED]
    if undeclared:
        ecr.batch_delete_image(repositoryName=repository, imageIds=undeclared)


def _security_groups(world: World) -> None:
    ec2 = world.aws("ec2")
    for group, permission in world.builder.rules().items():
        found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
        if found:
            ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=found)
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def _certificates(world: World) -> None:
    acm, elbv2, listener = world.aws("acm"), world.aws("elbv2"), world.builder.entrance.listener()
    declared, material = world.builder.certificate, world.declared_certificate.material
    if acm.get_certificate(CertificateArn=declared)["Certificate"].encode() != material["Certificate"]:
        acm.import_certificate(CertificateArn=declared, **material)
    attached = elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
    if [one["CertificateArn"] for one in attached] != [declared]:
        elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": declared}])
        others = [one["CertificateArn"] for one in attached if one["CertificateArn"] != declared]
        for other in others:
            elbv2.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": other}])
    for found in acm.list_certificates(Includes={"keyTypes": KEY_TYPES})["CertificateSummaryList"]:
        if found["CertificateArn"] != declared:
            acm.delete_certificate(CertificateArn=found["CertificateArn"])
    world.certificates.forget()


def _records(world: World) -> None:
    route53, zone = world.aws("route53"), world.names.hosted_zone
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    changes = [{"Action": "DELETE", "ResourceRecordSet": one} for one in found if one["Type"] not in ("NS", "SOA")]
    if changes:
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
