"""Harena's runbooks on its seven containers: found, approved, repaired, validated; and not otherwise."""

from pathlib import Path
from typing import NamedTuple

import pytest

from sandbox.cloud import Sandbox
from sandbox.harena import FOLDER, Harena
from sandbox.harena_files import FILE
from sandbox.host.process import USERS
from sandbox.incidents import BY_SERVICE
from statemachines import load
from tests.system.run import Run

SERVICE = load.services()["harena"]
INCIDENTS = BY_SERVICE[SERVICE.name]
RESTART, REBUILD, RECREATE = "restart_container", "rebuild_container", "recreate_container"
CACHE, IMAGES, LOGS = "prune_build_cache", "prune_images", "truncate_logs"


class Repair(NamedTuple):
    """The first cause, the fixes of the plan, how many of them it takes, and how many people have to approve."""

    cause: str
    plan: list[str]
    made: int
    people: int = 1


REPAIRED = {
    "localhost-port": Repair("made-from-an-old-file", [RECREATE, RECREATE], 2),
    "unpublished-port": Repair("not-published", [RECREATE], 1),
    "service-down": Repair("down", [RESTART, REBUILD], 1),
    "service-hanging": Repair("unhealthy", [RESTART, REBUILD], 1),
    "broken-image": Repair("unhealthy", [RESTART, REBUILD], 2),
    "service-missing": Repair("missing", [REBUILD], 1),
    "greedy-service": Repair("greedy-container", [RESTART], 1),
    "greedy-system": Repair("greedy-system", ["reboot_host"], 1, people=2),
    "build-cache": Repair("build-cache", [CACHE, IMAGES, LOGS], 1),
    "old-images": Repair("old-images", [IMAGES, LOGS], 1),
    "old-releases": Repair("old-images", [IMAGES, LOGS], 1),
    "large-logs": Repair("large-logs", [LOGS], 1),
}
MANUAL = {
    "several-down": ("several", "search_service, budget_service"),
    "disk-of-data": ("data", "du -x -h --max-depth=2"),
    "agent-dead": ("agent-silent", "sudo systemctl restart amazon-ssm-agent"),
    "node-offline": ("host-offline", "aws ec2 describe-instance-status --instance-ids i-0011b978b7cea66dc"),
    "docker-silent": ("docker-silent", "sudo systemctl restart docker"),
}
WITHOUT_EFFECT = (
    "localhost-port",
    "service-down",
    "greedy-service",
    "large-logs",
)  # one a runbook; a ladder among them


def _data(host: Harena) -> tuple[int, str]:
    """Return what the database has: how much, and its users."""
    return _data_in(host.rows)


def _data_in(rows: Path) -> tuple[int, str]:
    return rows.stat().st_size, rows.with_name(Path(USERS).name).read_text()


def _break(sandbox: Sandbox, host: Harena, name: str, *, persistent: bool = False) -> Run:
    """Break the host, and start the runbook as an engineer would."""
    host.break_(name, persistent=persistent)
    assert not host.healthy()
    return Run.by_hand(sandbox, service=SERVICE, runbook=INCIDENTS[name].runbook)


def test_every_incident_is_in_a_table() -> None:
    assert {*REPAIRED, *MANUAL} == INCIDENTS.keys()
    for name, incident in INCIDENTS.items():
        assert incident.fix == (REPAIRED[name].plan[REPAIRED[name].made - 1] if name in REPAIRED else None)


@pytest.mark.parametrize("name", REPAIRED)
def test_incident_is_found_first_and_repaired_by_its_fix(sandbox: Sandbox, harena: Harena, name: str) -> None:
    repair, data = REPAIRED[name], _data(harena)
    run = _break(sandbox, harena, name)
    run.approve()
    assert (run.diagnosis.causes[0].name, run.diagnosis.causes[0].standing) == (repair.cause, "confirmed")
    assert [cause.name for cause in run.diagnosis.confirmed] == [repair.cause]
    assert (run.fixes, run.question()["needed"]) == (repair.plan, repair.people)
    assert run.end()["outcome"] == "recovered", run.states
    assert {name for name in run.states if name.startswith("Fix ")} == {
        f"Fix {fix}" for fix in repair.plan[: repair.made]
    }
    assert harena.healthy(), harena.describe()
    assert _data(harena) == data


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_fix_without_effect_fails_validation_and_is_escalated(sandbox: Sandbox, harena: Harena, name: str) -> None:
    run = _break(sandbox, harena, name, persistent=True)
    run.approve()
    assert run.end()["outcome"] == "not fixed"
    assert {"Escalate", *(f"Fix {fix}" for fix in REPAIRED[name].plan)} <= set(run.states)
    assert not harena.healthy()


@pytest.mark.parametrize("name", MANUAL)
def test_incident_for_a_person_is_named_first_with_what_to_do(sandbox: Sandbox, harena: Harena, name: str) -> None:
    cause, told = MANUAL[name]
    run = _break(sandbox, harena, name)
    data = _data(harena)
    assert run.end()["outcome"] == "manual"
    assert [cause.name for cause in run.diagnosis.confirmed] == [cause]
    assert all(told in run.mail(to).body for to in SERVICE.approvers)
    assert not {"Ask for approval", "Lock target"} & set(run.states)
    assert not harena.healthy()
    assert _data(harena) == data


@pytest.mark.parametrize(
    ("name", "cause", "plan"),
    [
        ("service-down", "down-and-changed", [RESTART]),
        ("service-missing", "missing-and-changed", []),
        ("localhost-port", "made-from-an-old-file-and-changed", []),
    ],
)
def test_what_somebody_has_changed_by_hand_is_not_built(
    sandbox: Sandbox, harena: Harena, name: str, cause: str, plan: list[str]
) -> None:
    harena.break_(name)
    assert harena.host.run(f"cd {FOLDER} && echo '# mine' >> {FILE}").code == 0
    run = Run.by_hand(sandbox, service=SERVICE, runbook=INCIDENTS[name].runbook)
    if plan:
        run.approve()
        assert run.fixes == plan
    assert run.end()["outcome"] == ("recovered" if plan else "manual")
    assert [one.name for one in run.diagnosis.confirmed] == [cause]


@pytest.mark.parametrize("name", ["build-cache", "old-images"])
def test_the_data_of_a_database_without_container_outlives_it(sandbox: Sandbox, harena: Harena, name: str) -> None:
    """What the document's own command may remove: a volume that no container has."""
    data, rows = _data(harena), harena.rows
    harena.break_missing("postgres")
    run = _break(sandbox, harena, name)
    run.approve()
    run.until("Wait for effect")
    assert {name for name in run.states if name.startswith("Fix ")} == {f"Fix {REPAIRED[name].plan[0]}"}
    assert _data_in(rows) == data
