"""Deployments on Harena's host: the commit that was approved, verified; and back where the verification fails."""

from typing import Any

import pytest

from sandbox.cloud import Sandbox
from sandbox.harena import FOLDER, Harena
from sandbox.harena_files import SERVICES
from statemachines import load
from tests.system.run import Run

SERVICE = load.services()["harena"]
DEPLOY, REDEPLOY = "verified_deploy", "service_redeployed"
FIXED = {"README.md": "Fixed.\n"}


def _start(sandbox: Sandbox, runbook: str, **parameters: str) -> Run:
    """Start a deployment as an engineer would."""
    return Run.by_hand(sandbox, {"parameters": parameters}, service=SERVICE, runbook=runbook)


def _containers(host: Harena) -> dict[str, tuple[str, str]]:
    """Return each service's container and image."""
    found = host.engine.containers.values()
    return {one.service: (one.id, one.image.id) for one in found}


def _images(host: Harena) -> dict[str, str]:
    return {service: image for service, (_, image) in _containers(host).items()}


def test_a_commit_is_deployed_and_verified(sandbox: Sandbox, harena: Harena) -> None:
    before, commit = _images(harena), harena.repository.publish(FIXED, "v6.0.6")
    assert harena.host.run("docker image tag harena-user_service harena-user_service:before-0123456789abcdef").code == 0
    run = _start(sandbox, DEPLOY, commit=commit[:7])
    run.approve()
    assert run.fixes == ["deploy_commit"]
    assert commit in run.mail(SERVICE.approval.levels[0].approvers[0]).body
    assert run.end()["outcome"] == "recovered", run.timeline
    assert harena.repository.head() == commit
    assert {service for service, image in _images(harena).items() if image != before[service]} == {*SERVICES}
    assert harena.healthy()
    kept = [tag for image in harena.engine.images.all.values() for tag in image.tags if ":before-" in tag]
    assert len(kept) == len(harena.engine.containers)  # by this deployment, and by no earlier one


def test_a_commit_that_fails_its_verification_goes_back_to_commit_and_images(sandbox: Sandbox, harena: Harena) -> None:
    before, head, rows = _images(harena), harena.repository.head(), harena.rows.stat().st_size
    harena.break_next_deploy()
    run = _start(sandbox, DEPLOY)
    run.approve()
    assert run.end()["outcome"] in {"not fixed", "worse"}
    assert {"Undo deploy_commit", "Escalate"} <= set(run.states)
    assert (harena.repository.head(), _images(harena)) == (head, before)
    assert harena.healthy()
    assert harena.rows.stat().st_size == rows


@pytest.mark.parametrize(("runbook", "commit"), [(DEPLOY, True), (DEPLOY, False), (REDEPLOY, False)])
def test_without_effect_a_deployment_is_not_said_to_have_come(
    sandbox: Sandbox, harena: Harena, runbook: str, *, commit: bool
) -> None:
    if commit:
        harena.repository.publish(FIXED, "v6.0.6")
    harena.host.powerless = True
    run = _start(sandbox, runbook)
    run.approve()
    assert run.end()["outcome"] == "not fixed"
    assert "Escalate" in run.states


def test_where_no_commit_waits_the_one_that_lies_there_is_built(sandbox: Sandbox, harena: Harena) -> None:
    """Somebody may have pulled it and stopped there: what is checked out need not be what runs."""
    commit = harena.repository.publish(FIXED, "v6.0.6")
    assert harena.host.run(f"cd {FOLDER} && git pull --quiet").code == 0
    before = _images(harena)
    run = _start(sandbox, DEPLOY)
    run.approve()
    assert run.end()["outcome"] == "recovered", [line["text"] for line in run.timeline]
    assert {service for service, image in _images(harena).items() if image != before[service]} == {*SERVICES}
    assert harena.repository.head() == commit


def test_a_push_while_it_is_built_undoes_nothing(sandbox: Sandbox, harena: Harena) -> None:
    commit = harena.repository.publish(FIXED, "v6.0.6")
    run = _start(sandbox, DEPLOY)
    run.approve()
    harena.wait_until(lambda: harena.repository.head() == commit)
    harena.repository.publish({"README.md": "Better.\n"}, "v6.0.7")
    assert run.end()["outcome"] == "recovered", run.timeline
    assert harena.repository.head() == commit


def test_a_commit_that_came_after_the_question_is_asked_about_anew(sandbox: Sandbox, harena: Harena) -> None:
    harena.repository.publish(FIXED, "v6.0.6")
    run = _start(sandbox, DEPLOY)
    run.asked()
    newer = harena.repository.publish({"README.md": "Better.\n"}, "v6.0.7")
    run.decide("approve")
    assert newer in run.asked(number=1)[0].body
    run.decide("reject", "not tonight", number=1)
    assert run.end()["outcome"] == "rejected"
    assert not [state for state in run.states if state.startswith("Fix ")]


@pytest.mark.parametrize(
    ("given", "change", "cause"),
    [
        ({"commit": "0123456"}, "true", "other-commit"),
        ({}, "echo '# mine' >> docker-compose.prod.yml", "changed-by-hand"),
        ({}, "git checkout -q -b hotfix", "other-branch"),
        ({}, "git commit -q --allow-empty -m mine", "unpushed"),
    ],
)
def test_what_stands_in_the_way_is_for_a_person(
    sandbox: Sandbox, harena: Harena, given: dict[str, str], change: str, cause: str
) -> None:
    if cause != "unpushed":
        harena.repository.publish(FIXED, "v6.0.6")
    assert harena.host.run(f"cd {FOLDER} && {change}").code == 0
    run = _start(sandbox, DEPLOY, **given)
    assert run.end()["outcome"] == "manual"
    assert cause in [one.name for one in run.diagnosis.confirmed]


def test_one_service_is_deployed_anew_and_the_others_go_on(sandbox: Sandbox, harena: Harena) -> None:
    before = _containers(harena)
    run = _start(sandbox, REDEPLOY, service="search_service")
    run.approve()
    assert run.end()["outcome"] == "recovered"
    after = _containers(harena)
    assert {service for service in after if after[service][0] != before[service][0]} == {"search_service"}
    assert harena.healthy()


def test_a_service_that_the_file_does_not_have_is_not_deployed(sandbox: Sandbox, harena: Harena) -> None:
    before = _containers(harena)
    run = _start(sandbox, REDEPLOY, service="serach_service")
    assert run.end()["outcome"] == "manual"
    assert "search_service" in run.diagnosis.confirmed[0].manual
    assert _containers(harena) == before


@pytest.mark.parametrize("given", [{"service": "a;reboot"}, {"service": "-x"}, {"instance": "i-0123456789abcdef0"}])
def test_what_may_not_be_given_by_hand_starts_nothing(sandbox: Sandbox, harena: Harena, given: dict[str, str]) -> None:
    before = _containers(harena)
    told: dict[str, Any] = _start(sandbox, REDEPLOY, **given).end()
    assert f"parameters.{next(iter(given))}" in str(told)
    assert _containers(harena) == before
