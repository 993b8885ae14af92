"""Echoes, certificates, versions: each incident shows as on AWS, stays until it is repaired, and is well afterwards."""

import ssl
import time
from collections.abc import Callable

import pytest

from sandbox import images
from sandbox.bot import ACCEPTED_KEY, ECHO_RELEASE, FORMER_RELEASE, NEXT_RELEASE, RELEASE, STUB_RELEASE
from sandbox.entrance import forward
from sandbox.incidents import INCIDENTS
from sandbox.world import World
from tests.sandbox.looking import events, logged, rollout, service, tasks, update, version

pytest_plugins = ["tests.sandbox.world_fixture"]

WATCHED_SECONDS = 0.6
SECONDS = 15.0
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
ECHO = "✅ Reçu: Hello"
Shows = Callable[[World], object]
Repair = Callable[[World], object]


def says(world: World) -> str:
    """Return what the bot answers now."""
    return world.telegram.chat()[1]


def refused(world: World, text: str) -> bool:
    """Tell whether a client refuses the certificate for this reason."""
    try:
        world.client.request("GET", world.names.health_url)
    except ssl.SSLCertVerificationError as error:
        return text in error.verify_message
    return False


def deploy(world: World, tag: str) -> None:
    """Register a revision with this image and move the service to it."""
    update(world, taskDefinition=world.builder.register(tag))


def newest_revision(world: World) -> str:
    """Return the ARN of the newest revision."""
    found = world.aws("ecs").describe_task_definition(taskDefinition=world.names.task_definition)
    return str(found["taskDefinition"]["taskDefinitionArn"])


def point(world: World, priority: str) -> None:
    """Let one rule forward to the bot."""
    elbv2 = world.aws("elbv2")
    rules = elbv2.describe_rules(ListenerArn=world.builder.entrance.listener())["Rules"]
    arn = next(rule["RuleArn"] for rule in rules if rule["Priority"] == priority)
    elbv2.modify_rule(RuleArn=arn, Actions=[forward(world.names.target_group)])


def renew_key(world: World) -> None:
    """Put a key that OpenAI accepts, and start the tasks anew."""
    world.aws("secretsmanager").put_secret_value(SecretId=world.names.openai_reference, SecretString=ACCEPTED_KEY)
    update(world, forceNewDeployment=True)


def build_again(world: World) -> None:
    """Push an image that was built from the right code, and deploy it."""
    world.builder.push(NEXT_RELEASE)
    deploy(world, NEXT_RELEASE)


def request(world: World) -> None:
    """Request a certificate, write its record, and attach it once it is issued."""
    acm = world.aws("acm")
    arn = acm.request_certificate(DomainName=world.host, ValidationMethod="DNS", IdempotencyToken="a")["CertificateArn"]
    option = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]
    record = option["ResourceRecord"]
    written = {"Name": record["Name"], "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": record["Value"]}]}
    world.aws("route53").change_resource_record_sets(
        HostedZoneId=world.names.hosted_zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": written}]},
    )
    world.wait_until(lambda: status(world, arn) == "ISSUED", SECONDS)
    attach(world, arn)


def status(world: World, arn: str) -> str:
    """Return a certificate's status."""
    return str(world.aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"])


def attach(world: World, arn: str) -> None:
    """Let the listener present a certificate by default."""
    listener = world.builder.entrance.listener()
    world.aws("elbv2").modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": arn}])


def successor(world: World) -> str:
    """Return the status of the certificate that was requested, "" for none."""
    listed = world.aws("acm").list_certificates()["CertificateSummaryList"]
    return next((one["Status"] for one in listed if one["Type"] == "AMAZON_ISSUED"), "")


def allow_amazon(world: World) -> None:
    """Let Amazon issue certificates for the zone."""
    value = [{"Value": '0 issue "amazon.com"'}]
    record = {"Name": f"{world.builder.domain}.", "Type": "CAA", "TTL": 300, "ResourceRecords": value}
    changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    world.aws("route53").change_resource_record_sets(HostedZoneId=world.names.hosted_zone, ChangeBatch=changes)


def request_allowed(world: World) -> None:
    """Let Amazon issue for the zone, then request."""
    allow_amazon(world)
    request(world)


def killed(world: World) -> bool:
    """Tell whether tasks stopped for their memory in ECS's words, and the log says nothing of it."""
    found = {
        (task["stopCode"], task["stoppedReason"], one.get("exitCode"), one.get("reason"))
        for task in tasks(world, "STOPPED")
        for one in task["containers"]
    }
    said = ("EssentialContainerExited", "Essential container in task exited", 137, OUT_OF_MEMORY)
    return rollout(world) == "FAILED" and said in found and "Traceback" not in logged(world)


def enlarge(world: World) -> None:
    """Deploy the same release with more memory."""
    ecs = world.aws("ecs")
    found = ecs.describe_task_definition(taskDefinition=service(world)["taskDefinition"])["taskDefinition"]
    kept = ("family", "networkMode", "cpu", "executionRoleArn", "requiresCompatibilities", "containerDefinitions")
    made = ecs.register_task_definition(**{name: found[name] for name in kept}, memory="1024")["taskDefinition"]
    update(world, taskDefinition=made["taskDefinitionArn"])


def runs(world: World, commit: str) -> bool:
    """Tell whether the tasks run what was built from a commit, and /_meta says so."""
    digest = images.find(world.builder.image(commit))
    running = {task["containers"][0].get("imageDigest") for task in tasks(world)}
    return digest is not None and running == {digest.digest} and version(world) == commit


def behind(world: World, commit: str = RELEASE) -> bool:
    """Tell whether a newer image was pushed than the one that runs, which answers well."""
    return runs(world, commit) and images.newest(world.names.repository).commit == NEXT_RELEASE and "🤖" in says(world)


TABLE: dict[str, tuple[Shows, Repair]] = {
    "rule-elsewhere": (lambda world: says(world) == ECHO and runs(world, RELEASE), lambda world: point(world, "10")),
    "rule-shadowed": (lambda world: says(world) == ECHO and runs(world, RELEASE), lambda world: point(world, "5")),
    "old-version": (
        lambda world: says(world) == ECHO and runs(world, ECHO_RELEASE),
        lambda world: deploy(world, RELEASE),
    ),
    "key-missing": (
        lambda world: says(world) == ECHO and '"openai_disabled"' in logged(world),
        lambda world: deploy(world, RELEASE),
    ),
    "key-refused": (
        lambda world: says(world).startswith("Désolé") and '"openai_error"' in logged(world),
        renew_key,
    ),
    "code-not-in-image": (
        lambda world: says(world) == ECHO and runs(world, STUB_RELEASE) and newest(world).commit == STUB_RELEASE,
        build_again,
    ),
    "certificate-expired": (lambda world: refused(world, "certificate has expired"), request),
    "certificate-wrong-name": (lambda world: refused(world, "Hostname mismatch"), request),
    "certificate-not-attached": (
        lambda world: refused(world, "Hostname mismatch") and status(world, world.builder.certificate) == "ISSUED",
        lambda world: attach(world, world.builder.certificate),
    ),
    "certificate-pending": (
        lambda world: refused(world, "certificate has expired") and successor(world) == "PENDING_VALIDATION",
        request,
    ),
    "certificate-failed": (
        lambda world: refused(world, "certificate has expired") and successor(world) == "FAILED",
        request_allowed,
    ),
    "certificate-near-expiry": (
        lambda world: 18 < world.client.days_left(world.host) < 20 and says(world).startswith("🤖"),
        request,
    ),
    "image-tag-wrong": (lambda world: behind(world, FORMER_RELEASE), lambda world: deploy(world, NEXT_RELEASE)),
    "definition-not-updated": (behind, lambda world: deploy(world, NEXT_RELEASE)),
    "old-revision": (
        lambda world: behind(world) and newest_revision(world) != service(world)["taskDefinition"],
        lambda world: update(world, taskDefinition=newest_revision(world)),
    ),
    "not-redeployed": (
        lambda world: behind(world) and images.find(world.builder.image("latest")) == newest(world),
        lambda world: update(world, forceNewDeployment=True),
    ),
    "rolled-back": (
        lambda world: behind(world) and any("rolling back to deployment" in text for text in events(world)),
        lambda world: update(world, taskDefinition=newest_revision(world)),
    ),
    "out-of-memory": (killed, enlarge),
}


def newest(world: World) -> images.Image:
    """Return the image that was pushed last."""
    return images.newest(world.names.repository)


@pytest.fixture(autouse=True)
def _quick_validation(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.certificates, "validation_seconds", 20.0)


def test_table_covers_every_incident() -> None:
    assert set(TABLE) == {name for name, incident in INCIDENTS.items() if incident.runbook != "webhook_unavailable"}


@pytest.mark.parametrize("name", TABLE)
def test_incident_shows_stays_and_can_be_repaired(world: World, name: str) -> None:
    shows, repair = TABLE[name]
    world.break_(name)
    world.wait_until(lambda: shows(world), SECONDS)
    time.sleep(WATCHED_SECONDS)
    assert shows(world), world.describe()
    assert not world.healthy()
    repair(world)
    world.wait_until(world.healthy, SECONDS)


@pytest.mark.parametrize("name", [name for name in TABLE if INCIDENTS[name].fix])
def test_persistent_incident_takes_the_repair_away(world: World, name: str) -> None:
    shows, repair = TABLE[name]
    world.break_(name, persistent=True)
    world.wait_until(lambda: shows(world), SECONDS)
    repair(world)
    world.wait_until(lambda: not world.healthy(), SECONDS)  # what a listener does changes at once, there and back
    deadline = time.monotonic() + 3 * WATCHED_SECONDS
    while time.monotonic() < deadline:
        assert not world.healthy(), world.describe()
        time.sleep(0.05)


def test_two_incidents_of_one_symptom_need_both_repairs(world: World) -> None:
    world.break_("rule-elsewhere+key-missing")
    world.wait_until(lambda: says(world) == ECHO and '"openai_disabled"' not in logged(world), SECONDS)
    point(world, "10")
    world.wait_until(lambda: says(world) == ECHO and '"openai_disabled"' in logged(world), SECONDS)
    assert not world.healthy()
    deploy(world, RELEASE)
    world.wait_until(world.healthy, SECONDS)
