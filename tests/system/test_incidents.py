"""Every cause of every runbook, broken into the world: found first, repaired by its fix and not otherwise."""

import pytest

from sandbox.cloud import Sandbox
from sandbox.incidents import INCIDENTS
from sandbox.world import World
from tests.system import diagnoses
from tests.system.run import RUNBOOK, SECONDS, SERVICE, Run, Watch, stop_executions

REPAIRED = {
    "detached": ("service-not-attached", ["attach_target_group"]),
    "wrong-health-path": ("health-check-wrong", ["correct_health_check"]),
    "wrong-health-port": ("health-check-wrong", ["correct_health_check"]),
    "closed-port": ("port-closed-to-load-balancer", ["open_security_group_port"]),
    "inactive": ("service-inactive", ["recreate_ecs_service"]),
    "desired-zero": ("desired-count-zero", ["restore_desired_count"]),
    "image-late": ("image-arrived-late", ["force_new_deployment"]),
    "rule-elsewhere": ("webhook-forwarded-elsewhere", ["point_rule_at_target_group"]),
    "rule-shadowed": ("webhook-forwarded-elsewhere", ["point_rule_at_target_group"]),
    "old-version": ("old-version", ["deploy_image"]),
    "key-missing": ("key-missing", ["reference_secret"]),
    "certificate-not-attached": ("certificate-not-attached", ["attach_certificate"]),
    "image-tag-wrong": ("image-tag-wrong", ["deploy_image"]),
    "definition-not-updated": ("definition-not-updated", ["deploy_image"]),
    "old-revision": ("newest-revision-not-used", ["move_to_revision"]),
    "not-redeployed": ("not-redeployed", ["force_new_deployment"]),
    "rolled-back": ("deployment-rolled-back", ["move_to_revision"]),
}
AWAITED = {
    "certificate-expired": "certificate-expired",
    "certificate-wrong-name": "certificate-for-other-names",
    "certificate-pending": "certificate-expired",
    "certificate-near-expiry": "certificate-near-expiry",
}
MANUAL = {
    "image-missing": ("image-missing", "CannotPullContainerError"),
    "crash": ("container-crashes", "code de sortie 1"),
    "missing-variable": ("variable-missing", "TELEGRAM_BOT_TOKEN"),
    "not-listening": ("container-not-listening", "0.0.0.0:8000"),
    "public-port-closed": ("internet-cannot-reach-load-balancer", "authorize-security-group-ingress"),
    "out-of-memory": ("out-of-memory", "OutOfMemoryError: Container killed due to memory usage, code de sortie 137"),
    "key-refused": ("key-refused", "openai-api-key"),
    "code-not-in-image": ("code-not-in-image", "8277e0910d750195b448797616e091ad2f3e1a55"),
    "certificate-failed": ("validation-failed", "CAA_ERROR"),
}
TOGETHER = {
    ("closed-port", "wrong-health-path"): ["open_security_group_port", "correct_health_check"],
    ("desired-zero", "closed-port"): ["restore_desired_count", "open_security_group_port"],
    ("detached", "wrong-health-port"): ["attach_target_group", "correct_health_check"],
}


def _break(sandbox: Sandbox, world: World, name: str, *, persistent: bool = False) -> Run:
    """Break the world and return the run that the alarm starts, or an engineer who was told of it.

    Before the late image is there, ECS's own events have started a run that may still have seen it missing: the next
    one is an engineer's, who has pushed it.
    """
    incident = INCIDENTS[name]
    if incident.runbook != RUNBOOK or incident.unnoticed:
        diagnoses.break_(world, name, persistent=persistent)
        return Run.by_hand(sandbox, runbook=incident.runbook)
    watch = Watch(sandbox)
    world.break_(name, persistent=persistent)
    run = watch.next()
    if name != "image-late":
        return run
    world.wait_until(lambda: not stop_executions(sandbox), SECONDS)
    return Run.by_hand(sandbox)


@pytest.mark.parametrize("name", REPAIRED)
def test_incident_is_found_first_and_repaired_by_its_fix(sandbox: Sandbox, world: World, name: str) -> None:
    cause, fixes = REPAIRED[name]
    run = _break(sandbox, world, name)
    run.asked()
    assert (run.diagnosis.causes[0].name, run.diagnosis.causes[0].standing) == (cause, "confirmed")
    assert run.fixes == fixes
    assert not world.healthy(), "it recovered before anyone approved"
    run.decide("approve")
    assert run.end()["outcome"] == "recovered", run.states
    assert world.healthy()


@pytest.mark.parametrize("name", REPAIRED)
def test_fix_without_effect_fails_validation_is_undone_and_escalated(sandbox: Sandbox, world: World, name: str) -> None:
    _, fixes = REPAIRED[name]
    run = _break(sandbox, world, name, persistent=True)
    run.decide("approve")
    assert run.end()["outcome"] == "not fixed"
    assert {f"Undo {fixes[0]}", "Escalate"} <= set(run.states)
    assert not world.healthy()
    sandbox.mailbox.wait_for(lambda mail: "A besoin de vous" in mail.subject and run.incident in mail.body, 5)


@pytest.mark.parametrize("name", MANUAL)
def test_incident_for_a_person_is_named_first_with_what_to_do(sandbox: Sandbox, world: World, name: str) -> None:
    cause, told = MANUAL[name]
    run = _break(sandbox, world, name)
    assert run.end()["outcome"] == "manual"
    assert run.diagnosis.causes[0].name == cause
    mail = sandbox.mailbox.wait_for(lambda one: "A besoin de vous" in one.subject and run.incident in one.body, 5)
    assert told in mail.body
    assert not {"Ask for approval", "Lock target"} & set(run.states)


@pytest.mark.parametrize("name", AWAITED)
def test_certificate_is_asked_for_awaited_and_attached_with_an_approval_each(
    sandbox: Sandbox, world: World, name: str
) -> None:
    run = _break(sandbox, world, name)
    run.asked()
    assert (run.diagnosis.causes[0].name, run.diagnosis.causes[0].standing) == (AWAITED[name], "confirmed")
    assert run.fixes == ["request_certificate"]
    run.decide("approve")
    run.until("Unlock to wait")
    assert not run.locked, "it holds the target while it waits"
    run.asked(number=1)
    assert run.fixes == ["attach_certificate"]
    assert not world.healthy()
    run.decide("approve", number=1)
    assert run.end()["outcome"] == "recovered", run.states
    assert world.healthy()


@pytest.mark.parametrize("name", AWAITED)
def test_awaited_certificate_without_effect_is_detached_again_and_escalated(
    sandbox: Sandbox, world: World, name: str
) -> None:
    run = _break(sandbox, world, name, persistent=True)
    run.decide("approve")
    run.asked(number=1)
    run.decide("approve", number=1)
    assert run.end()["outcome"] == "not fixed", run.states
    assert {"Undo attach_certificate", "Escalate"} <= set(run.states)
    assert not world.healthy()


def test_certificate_that_nobody_lets_attach_is_left_to_people(sandbox: Sandbox, world: World) -> None:
    run = _break(sandbox, world, "certificate-expired")
    run.decide("approve")
    run.asked(number=1)
    run.decide("reject", "Not tonight", number=1)
    assert run.end()["outcome"] == "unfinished"
    assert "Escalate" in run.states


@pytest.mark.parametrize("names", TOGETHER, ids="+".join)
def test_two_incidents_at_once_are_both_found_and_repaired(
    sandbox: Sandbox, world: World, names: tuple[str, str]
) -> None:
    for name in names:
        world.break_(name)
    run = Run.by_hand(sandbox)
    run.asked()
    assert run.fixes == TOGETHER[names]
    run.decide("approve")
    assert run.end()["outcome"] == "recovered"
    assert world.healthy()


def test_rejected_plan_changes_nothing(sandbox: Sandbox, world: World) -> None:
    world.break_("closed-port")
    run = Run.by_hand(sandbox)
    run.decide("reject", "Let us look by daylight")
    assert run.end()["outcome"] == "rejected"
    assert not any(state.startswith("Fix ") for state in run.states)
    assert not world.healthy()


def test_one_cause_that_two_runbooks_see_is_one_incident(sandbox: Sandbox, world: World) -> None:
    """An empty target group rings an alarm for each of them: who comes second leaves it to the other."""
    watches = [Watch(sandbox, runbook) for runbook in (RUNBOOK, "targets_missing")]
    world.break_("desired-zero")
    runs = [watch.next() for watch in watches]
    world.wait_until(lambda: any(run.record.get("outcome") == "joined" for run in runs), SECONDS)
    (joined,) = [run for run in runs if run.record.get("outcome") == "joined"]
    (asked,) = [run for run in runs if run is not joined]
    assert not joined.mails(SERVICE.approval.levels[0].approvers[0])
    asked.asked()
    asked.decide("approve")
    assert asked.end()["outcome"] == "recovered"
    assert any(joined.incident in line["text"] for line in asked.timeline)
