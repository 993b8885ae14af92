"""No incident is diagnosed as another one, by any runbook: what `make matrix` prints is what is expected here."""

import pytest

from sandbox.cloud import Sandbox
from sandbox.incidents import INCIDENTS
from sandbox.world import World
from tests.system import diagnoses

NO_TARGETS = ("webhook_unavailable", "targets_missing")
# What each runbook that confirms anything confirms; two that confirm the same see one cause, and open one incident.
CONFIRMED: dict[str, dict[str, str]] = {
    "detached": dict.fromkeys(NO_TARGETS, "service-not-attached"),
    "wrong-health-path": dict.fromkeys(NO_TARGETS, "health-check-wrong"),
    "wrong-health-port": dict.fromkeys(NO_TARGETS, "health-check-wrong"),
    "closed-port": dict.fromkeys(NO_TARGETS, "port-closed-to-load-balancer"),
    "inactive": dict.fromkeys(NO_TARGETS, "service-inactive"),
    "desired-zero": dict.fromkeys(NO_TARGETS, "desired-count-zero"),
    "image-late": dict.fromkeys(NO_TARGETS, "image-arrived-late"),
    "image-missing": dict.fromkeys(NO_TARGETS, "image-missing"),
    "crash": dict.fromkeys(NO_TARGETS, "container-crashes"),
    "missing-variable": dict.fromkeys(NO_TARGETS, "variable-missing"),
    "not-listening": dict.fromkeys(NO_TARGETS, "container-not-listening"),
    "public-port-closed": dict.fromkeys(("webhook_unavailable", "https_broken"), "internet-cannot-reach-load-balancer"),
    "rule-elsewhere": {"bot_echoes": "webhook-forwarded-elsewhere"},
    "rule-shadowed": {"bot_echoes": "webhook-forwarded-elsewhere"},
    "old-version": {"bot_echoes": "old-version", "version_unchanged": "image-tag-wrong"},  # mended by the same image
    "key-missing": {"bot_echoes": "key-missing"},
    "key-refused": {"bot_echoes": "key-refused"},
    "code-not-in-image": {"bot_echoes": "code-not-in-image"},
    "certificate-expired": {"https_broken": "certificate-expired"},
    "certificate-not-attached": {"https_broken": "certificate-not-attached"},
    "certificate-wrong-name": {"https_broken": "certificate-for-other-names"},
    "certificate-pending": {"https_broken": "certificate-expired"},
    "certificate-failed": {"https_broken": "validation-failed"},
    "certificate-near-expiry": {"https_broken": "certificate-near-expiry"},
    "image-tag-wrong": {"version_unchanged": "image-tag-wrong"},
    "definition-not-updated": {"version_unchanged": "definition-not-updated"},
    "old-revision": {"version_unchanged": "newest-revision-not-used"},
    "not-redeployed": {"version_unchanged": "not-redeployed"},
    "out-of-memory": dict.fromkeys((*NO_TARGETS, "tasks_out_of_memory"), "out-of-memory"),
    "rolled-back": {"version_unchanged": "deployment-rolled-back"},
}


def test_every_incident_is_in_the_table() -> None:
    assert CONFIRMED.keys() == INCIDENTS.keys()


@pytest.mark.parametrize("name", CONFIRMED)
def test_incident_is_diagnosed_as_itself_by_every_runbook(sandbox: Sandbox, world: World, name: str) -> None:
    diagnoses.break_(world, name)
    found = diagnoses.every_runbook(sandbox)
    confirmed = {runbook: [cause.name for cause in one.confirmed] for runbook, one in found.items() if one.confirmed}
    assert confirmed == {runbook: [cause] for runbook, cause in CONFIRMED[name].items()}
    assert not found[INCIDENTS[name].runbook].healthy
