import json
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import jsonata
import pytest
from pydantic import ValidationError

from functions.core import catalogue
from functions.core.results import LINES, Finding
from infra.state_machine import invoked
from statemachines import load
from statemachines.audit import compile_audit
from statemachines.audit_model import Audit
from statemachines.looking import AT_ONCE
from statemachines.model import AuditUse
from statemachines.states import State, States

SERVICE = load.services()["huntaze"]
AUDIT = load.audits()["launch_readiness"]
ROWS = 11


def use() -> AuditUse:
    """Return how the service uses the audit."""
    assert SERVICE.audit
    return SERVICE.audit


def states() -> States:
    """Compile the audit; return its states."""
    compiled: States = compile_audit(SERVICE, use(), AUDIT, lambda name: f"arn:{name}")["States"]
    return compiled


def tasks() -> dict[str, State]:
    """List the state of each look, by name."""
    branches = [branch for state in states().values() for branch in state.get("Branches", [])]
    return {branch["StartAt"]: branch["States"][branch["StartAt"]] for branch in branches}


def test_it_calls_every_deployed_check_and_its_report_and_nothing_else() -> None:
    called = {f"arn:check/{one.check}" for one in AUDIT.checks.values() if not one.local}
    assert set(invoked(states())) == called | {"arn:workflow/report_audit"}
    assert "arn:check/repository_files" not in called


def test_what_is_regional_is_looked_at_in_every_region() -> None:
    assert use().regions == ["us-east-1", "us-east-2"]
    for name, one in AUDIT.checks.items():
        places = {task for task in tasks() if re.fullmatch(rf"Check {name}( us-east-\d)?", task)}
        regions = {f"Check {name} us-east-1", f"Check {name} us-east-2"}
        assert places == (set() if one.local else regions if one.per else {f"Check {name}"})
    for name in ("databases", "mail"):
        assert name in AUDIT.checks
    given = tasks()["Check databases us-east-2"]["Arguments"]["Payload"]["parameters"]
    assert given == {"region": "us-east-2", "named": "huntaze", "retention": 7}


def test_every_parameter_is_filled_in_and_fits() -> None:
    for task in tasks().values():
        name = task["Arguments"]["FunctionName"].rpartition("/")[2]
        catalogue.checks()[name].parameters.model_validate(task["Arguments"]["Payload"]["parameters"])
        assert "{" not in str(task["Arguments"]["Payload"]["parameters"].values())


def kept(answer: dict[str, Any], name: str = "databases us-east-2") -> dict[str, Any]:
    """Return what the state of a look keeps of its check's answer."""
    (output,) = tasks()[f"Check {name}"]["Output"].values()
    found = {}
    for field, expression in output.items():
        assert not re.search(r"\$(?!\w)", expression)  # Step Functions knows no context of its own
        compiled = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}"))
        frame = compiled.create_frame()
        frame.bind("states", {"result": {"Payload": answer}})
        found[field] = compiled.evaluate({}, frame)
    return found


@pytest.mark.parametrize("evidence", [[], ["db-1: MultiAZ False"], ["one", "two"]])
def test_what_the_report_reads_of_an_answer_is_kept_as_it_is(evidence: list[str]) -> None:
    answer = Finding(summary="databases: 2", signals={"public": True, "none": None}, evidence=evidence, facts={"n": 2})
    assert kept(answer.model_dump()) == answer.model_dump(exclude={"facts"})


def test_whatever_the_checks_find_can_be_handed_on() -> None:
    """Step Functions hands on 262 144 bytes at most."""
    found = {}
    for state in tasks().values():
        (name,) = state["Output"]
        check = AUDIT.checks[name.partition(" ")[0]].check
        signals = dict.fromkeys(catalogue.checks()[check].signals, False)
        long = "é" * 1000
        answer = Finding(summary=long, signals=signals, evidence=[long] * 100, facts={"ids": [long] * 100})
        found[name] = kept(answer.model_dump(), name)
        assert len(found[name]["evidence"]) == LINES + 1
        assert found[name]["evidence"][0].endswith("é…")
    assert len(found) == len(tasks())
    assert len(json.dumps(found, ensure_ascii=False).encode()) < 250_000  # there is more to an invocation than that


def test_few_are_looked_at_at_once_and_what_fails_does_not_end_it() -> None:
    parallel = [state for state in states().values() if "Branches" in state]
    assert all(len(state["Branches"]) <= AT_ONCE for state in parallel)
    assert all("unknown" in task["Catch"][0]["Next"] for task in tasks().values())


def test_the_checklist_is_the_documents() -> None:
    assert len(AUDIT.rows) == ROWS
    judged = {
        signal for row in AUDIT.rows for signal in [*row.wrong, *row.nothing, *chain.from_iterable(row.unless.values())]
    }
    unjudged = {
        f"{name}.{signal}"
        for name, one in AUDIT.checks.items()
        for signal in catalogue.checks()[one.check].signals
        if f"{name}.{signal}" not in judged
    }
    assert unjudged == {  # told, but no row turns on them, and why
        "app.no-branch",  # the branch is the service file's, and another one may be live
        "app.last-job-failed",  # the one before it serves
        "app_variables.no-app",  # as app.no-app
        "task_variables.none",  # Amplify alone is fine
        "distributions.none",  # so is no CloudFront
        "distributions.not-deployed",  # it takes minutes
        "buckets.none",
        "target_groups.empty",  # a group that is made ahead
        "snapshots.none",  # as databases.none
        "clusters.inactive",
        "clusters.pending",
        "clusters.idle",
        "rules.none",
        "queues.no-redrive",
        "repository.none",
    }


def copy(file: Path, folder: Path, old: str, new: str) -> Path:
    """Copy a file of the project with a mistake in it."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file.name).write_text(text.replace(old, new), encoding="utf-8")
    return folder / file.name


def said(path: Path, read: Callable[[Path], object], message: str) -> None:
    """Hold that reading a file says what is wrong with it, with the file and the line."""
    with pytest.raises(load.FileError) as raised:
        read(path)
    assert re.search(rf"^{re.escape(str(path))}:\d+: .*{re.escape(message)}", str(raised.value), re.MULTILINE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("check: mail_account", "check: mail_acount", "checks.mail.check: there is no check mail_acount; there are"),
        ("{days: 90}", "{dayz: 90}", "checks.access_keys.with.dayz: access_keys has no such parameter; it has days"),
        ("access_keys.root-keys:", "access_keys.rot-keys:", "there is no signal access_keys.rot-keys; there are"),
        ("nothing: [roles.none,", "nothing: [rolls.none,", "there is no signal rolls.none; there are checks identity"),
        (
            "backup_plans.none: [databases.none]",
            "backup_plans.none: [databases.nun]",
            "there is no signal databases.nun",
        ),
    ],
)
def test_a_mistake_in_an_audit_is_said_with_file_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    said(copy(load.AUDITS / "launch_readiness.yaml", tmp_path, old, new), load.audit, message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("audit: launch_readiness", "audit: lunch", "audit.audit: there is no audit lunch; there are launch_readiness"),
        ("attestations: {}", "attestations: {tried: {by: a@b.c, on: 2026-01-01, evidence: x}}", "nobody asks for it"),
        ("  mail_region: us-east-1\n", "", "resources: the audit launch_readiness needs mail_region"),
        ("app: d33l77zi1h78ce", "app: huntaze", "resources.app: amplify_jobs cannot use it as app"),
        ("regions: [us-east-1, us-east-2]", "regions: []", "audit.regions: List should have at least 1 item"),
    ],
)
def test_a_mistake_in_how_a_service_uses_it_is_said_with_file_and_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    said(copy(load.ROOT / "services" / "huntaze.yaml", tmp_path, old, new), load.service, message)


ROW: dict[str, Any] = {"name": "one", "title": "One", "means": "…"}
CHECK = {"check": "databases", "per": "region", "with": {"region": "{region}", "retention": 7}}
GOOD: dict[str, Any] = {
    "name": "small",
    "title": "Small",
    "source": "…",
    "checks": {"databases": CHECK},
    "rows": [ROW | {"wrong": {"databases.public": "Close it."}}],
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rows": [ROW]}, "row one needs wrong or attested"),
        ({"rows": GOOD["rows"] * 2}, "two rows are called one"),
        ({"rows": [ROW | {"attested": ["tried"]}]}, "tried is to be attested"),
        ({"attestations": {"tried": {"title": "Tried", "days": 1}}}, "tried is to be attested"),
        ({"checks": {"databases": {**CHECK, "per": None}}}, "belong together"),
        ({"checks": {"databases": {**CHECK, "with": {"region": "eu-west-1"}}}}, "belong together"),
        ({"checks": {"databases": {**CHECK, "local": True}}}, "belong together"),
        ({"rows": [{**ROW, "attested": [], "unless": {"databases.public": ["databases.none"]}}]}, "not under wrong"),
        (
            {
                "checks": {"databases": CHECK, "keys": {"check": "access_keys", "with": {"days": 1}}},
                "rows": [
                    ROW | {"wrong": {"keys.old-keys": "Renew."}, "unless": {"keys.old-keys": ["databases.none"]}},
                ],
            },
            "not looked at in the same places",
        ),
        ({"rowz": []}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], why: str) -> None:
    assert Audit.model_validate(GOOD).rows
    with pytest.raises(ValidationError, match=why):
        Audit.model_validate(GOOD | change)
