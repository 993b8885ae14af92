import json
import time
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.core import limits
from functions.core.diagnosis import Diagnosis, RankedCause
from functions.workflow import conclude
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import Runbook
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.world import (
    CLOSED_PORT,
    DOWN,
    EMPTY,
    FIRST,
    OF,
    REMINDER,
    RUNBOOK,
    SECOND,
    UNHEALTHY,
    World,
    findings,
)

WRONG_HEALTH_CHECK = (*UNHEALTHY, "probe.mismatch")
DESIRED_ZERO = (*EMPTY, "service.desired-zero")
CRASH = (*EMPTY, "service.below-desired", "tasks.container-exited", "logs.errors")
FIXED = {
    "service-inactive": ((*EMPTY, "service.inactive"), "recreate_ecs_service"),
    "desired-count-zero": (DESIRED_ZERO, "restore_desired_count"),
    "service-not-attached": ((*EMPTY, "service.not-attached"), "attach_target_group"),
    "port-closed-to-load-balancer": (CLOSED_PORT, "open_security_group_port"),
    "health-check-wrong": (WRONG_HEALTH_CHECK, "correct_health_check"),
    "image-arrived-late": (
        (*EMPTY, "service.below-desired", "service.deployment-failed", "tasks.image-missing"),
        "force_new_deployment",
    ),
}
IMAGE = "123456789012.dkr.ecr.me-central-1.amazonaws.com/ganopa-bot:v2"
FACTS: dict[str, dict[str, Any]] = {
    "tasks": {"reason": "Essential container in task exited", "exit_code": 1},
    "image": {"image": IMAGE},
    "logs": {"error": "KeyError: 'TELEGRAM_BOT_TOKEN'", "variables": ["TELEGRAM_BOT_TOKEN"]},
    "targets": {"reasons": ["Target.FailedHealthChecks"]},
    "service": {"task_definition": "ganopa-bot:7"},
}
MANUAL = {
    "image-missing": ((*EMPTY, "image.absent", "tasks.image-missing"), f"{IMAGE} is not in the registry"),
    "variable-missing": ((*CRASH, "logs.missing-variable"), "(exit code 1): it needs TELEGRAM_BOT_TOKEN."),
    "out-of-memory": (
        (*UNHEALTHY, "service.below-desired", "tasks.out-of-memory", "targets.connection-refused"),
        "If that began with ganopa-bot:7, move the service back to the revision before it.",
    ),
    "container-crashes": (CRASH, "move the service back to the revision before ganopa-bot:7"),
    "container-not-listening": ((*UNHEALTHY, "targets.connection-refused"), "must listen on 0.0.0.0:8000"),
    "internet-cannot-reach-load-balancer": (
        ("health.failing", "health.unreachable", "webhook.failing", "webhook.unreachable", "entrance.port-closed"),
        "authorize-security-group-ingress --group-id sg-0a1b0000000000001 --protocol tcp --port 443",
    ),
}


@pytest.fixture
def concluding(world: World) -> World:
    """A world with an open incident."""
    world.open()
    return world


def causes(world: World) -> list[RankedCause]:
    """Read the causes as they were ranked."""
    return Diagnosis.model_validate_json(world.record["diagnosis"]).causes


@pytest.mark.usefixtures("world")
def test_every_cause_of_the_runbook_is_among_these_tests() -> None:
    assert {cause.name for cause in compiled.read(RUNBOOK).runbook.causes} == FIXED.keys() | MANUAL.keys()


@pytest.mark.parametrize(("name", "signals", "fix"), [(name, *given) for name, given in FIXED.items()])
def test_a_cause_is_named_first_and_its_fix_is_planned(
    concluding: World, name: str, signals: tuple[str, ...], fix: str
) -> None:
    answer = concluding.conclude(findings(*signals))
    assert (answer["outcome"], answer["count"], answer["fixes"]) == ("plan", 1, {"0": fix})
    first, *others = causes(concluding)
    assert (first.name, first.standing) == (name, "confirmed")
    assert "confirmed" not in {cause.standing for cause in others}
    assert concluding.timeline[-1] == f"Diagnosed: {first.title}"
    (step,) = concluding.plan.steps
    assert concluding.plan.digest == answer["digest"]
    assert step.fix == fix
    assert "{" not in step.effect + step.before + step.after  # every name in braces found its value


@pytest.mark.parametrize(("name", "signals", "words"), [(name, *given) for name, given in MANUAL.items()])
def test_a_cause_is_named_first_with_what_to_do_by_hand(
    concluding: World, name: str, signals: tuple[str, ...], words: str
) -> None:
    answer = concluding.conclude(findings(*signals, facts=FACTS))
    assert (answer["outcome"], answer["fixes"]) == ("manual", {})
    first, *others = causes(concluding)
    assert (first.name, first.standing) == (name, "confirmed")
    assert "confirmed" not in {cause.standing for cause in others}
    assert words in " ".join(first.manual.split())


@pytest.mark.parametrize(("runbook", "outcome"), [(RUNBOOK, "healthy"), ("tasks_out_of_memory", "manual")])
def test_memory_that_kills_tasks_while_the_bot_answers_is_what_its_own_runbook_is_for(
    world: World, runbook: str, outcome: str
) -> None:
    world.open(runbook=runbook)
    found = findings("tasks.out-of-memory", runbook=runbook)
    assert world.conclude(found, runbook=runbook)["outcome"] == outcome


def test_the_plan_says_exactly_what_would_change(concluding: World) -> None:
    concluding.conclude(findings(*CLOSED_PORT))
    (step,) = concluding.plan.steps
    assert step.parameters == {
        "security_group": "sg-0a1b0000000000002",
        "port": 8000,
        "source": "sg-0a1b0000000000001",
    }
    assert step.before == "port 8000 closed to sg-0a1b0000000000001"
    assert step.after == "port 8000 open to sg-0a1b0000000000001 only"


def test_a_fact_that_nobody_knows_is_called_unknown(concluding: World) -> None:
    concluding.conclude(findings(*WRONG_HEALTH_CHECK, facts={"probe": {"path": "/healthz", "port": "traffic-port"}}))
    assert concluding.plan.steps[0].before == "path /healthz, port traffic-port, expects unknown"


def test_two_causes_give_one_plan_in_the_order_of_the_runbook(concluding: World) -> None:
    answer = concluding.conclude(findings(*WRONG_HEALTH_CHECK, "firewall.port-closed", "service.desired-zero"))
    assert answer["fixes"] == {
        "0": "restore_desired_count",
        "1": "open_security_group_port",
        "2": "correct_health_check",
    }
    assert [cause.name for cause in causes(concluding) if cause.standing == "confirmed"] == [
        "desired-count-zero",
        "port-closed-to-load-balancer",
        "health-check-wrong",
    ]


def test_a_cause_by_hand_beside_one_with_a_fix_keeps_its_instructions(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT, "entrance.port-closed"))
    assert answer["fixes"] == {"0": "open_security_group_port"}
    assert [cause.manual != "" for cause in causes(concluding) if cause.standing == "confirmed"] == [False, True]


@pytest.mark.usefixtures("ladder")
def test_the_rungs_of_a_ladder_are_one_plan_that_says_when_to_look(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT))
    assert answer["fixes"] == {"0": "open_security_group_port", "1": "correct_health_check"}
    assert (answer["count"], answer["until"]) == (2, [1, 2])
    assert [step.rung for step in concluding.plan.steps] == [0, 1]


@pytest.mark.usefixtures("ladder")
def test_what_has_to_be_done_at_once_stands_before_the_higher_rungs(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT, "service.desired-zero", "targets.no-targets"))
    assert [step.rung for step in concluding.plan.steps] == [0, 0, 1]
    assert answer["fixes"]["2"] == "correct_health_check"
    assert answer["until"] == [2, 3]


def test_a_plan_without_a_ladder_is_looked_at_once_when_all_is_done(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT, *WRONG_HEALTH_CHECK))
    assert (answer["count"], answer["until"]) == (2, [2])


def test_the_same_change_for_two_causes_stands_in_the_plan_once(
    concluding: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = compiled.read(RUNBOOK)
    twin = next(cause for cause in original.runbook.causes if cause.name == "port-closed-to-load-balancer")
    use = twin.fix[0].model_copy(update={"before": "as another author would say it"})
    twin = twin.model_copy(update={"name": "twin", "fix": [use]})
    runbook = original.runbook.model_copy(update={"causes": [*original.runbook.causes, twin]})
    monkeypatch.setattr(compiled, "read", lambda _: original.model_copy(update={"runbook": runbook}))
    assert concluding.conclude(findings(*CLOSED_PORT))["count"] == 1


@pytest.mark.usefixtures("each_port")
def test_a_fix_for_each_member_of_a_fact_is_a_step_of_the_plan_for_each(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT, facts={"firewall": {"ports": [8000, 8443]}}))
    assert (answer["count"], answer["fixes"]) == (2, dict.fromkeys("01", "open_security_group_port"))
    assert [step.parameters["port"] for step in concluding.plan.steps] == [8000, 8443]
    assert [step.before for step in concluding.plan.steps] == ["port 8000 closed", "port 8443 closed"]


@pytest.mark.usefixtures("each_port")
@pytest.mark.parametrize("ports", [None, 8000, [], [8000, None], ["8000", "84…"], [*range(10), "… 4 more"]])
def test_a_fix_for_each_member_of_what_is_no_whole_list_is_not_proposed(concluding: World, ports: Any) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT, facts={"firewall": {"ports": ports}}))
    assert (answer["outcome"], answer["count"]) == ("limited", 0)


def test_a_service_that_is_well_needs_nothing(concluding: World) -> None:
    answer = concluding.conclude(findings())
    assert (answer["outcome"], answer["fixes"]) == ("healthy", {})
    assert {cause.standing for cause in causes(concluding)} == {"ruled out"}
    assert concluding.timeline[-1] == "Diagnosed: The service is healthy"


@pytest.mark.parametrize("signal", ["health.failing", "webhook.failing", "targets.none-healthy"])
def test_what_is_unknown_is_never_healthy(concluding: World, signal: str) -> None:
    assert concluding.conclude(findings(unknown=[signal]))["outcome"] == "unclear"
    assert Diagnosis.model_validate_json(concluding.record["diagnosis"]).healthy is None


def test_findings_that_never_came_are_unknown(concluding: World) -> None:
    assert concluding.conclude({})["outcome"] == "unclear"
    assert {cause.standing for cause in causes(concluding)} == {"possible"}


def test_a_failed_check_is_unknown_and_says_why(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT, failed=["firewall"]))
    assert answer["outcome"] == "unclear"
    diagnosis = Diagnosis.model_validate_json(concluding.record["diagnosis"])
    why = "unknown: the check firewall failed: TimeoutError: no answer after 5 s"
    assert diagnosis.summaries["firewall"] == why
    blocked = next(cause for cause in diagnosis.causes if cause.name == "port-closed-to-load-balancer")
    assert blocked.standing == "possible"
    assert blocked.unknown == [f"Unknown: {compiled.read(RUNBOOK).questions['firewall']['port-closed']} ({why})"]


@pytest.mark.parametrize(
    ("signals", "excluded"),
    [
        ((*EMPTY, "service.not-attached", "service.inactive"), "service-not-attached"),
        ((*EMPTY, "tasks.image-missing", "service.deployment-failed", "image.absent"), "image-arrived-late"),
    ],
)
def test_a_cause_that_is_ruled_out_gives_no_fix(concluding: World, signals: tuple[str, ...], excluded: str) -> None:
    concluding.conclude(findings(*signals))
    assert next(cause for cause in causes(concluding) if cause.name == excluded).standing == "ruled out"
    assert FIXED[excluded][1] not in [step.fix for step in concluding.plan.steps]


def test_a_cause_whose_exclusion_is_unknown_gives_no_fix(concluding: World) -> None:
    answer = concluding.conclude(findings(*EMPTY, "service.not-attached", unknown=["service.inactive"]))
    assert answer["outcome"] == "unclear"


def test_the_digest_does_not_depend_on_evidence(concluding: World) -> None:
    first = concluding.conclude(findings(*WRONG_HEALTH_CHECK, facts={"probe": {"path": "/healthz"}}))
    noisy = findings(
        *WRONG_HEALTH_CHECK,
        "logs.errors",
        facts={"probe": {"path": "/other"}, "targets": {"total": 7}},
        evidence={"logs": ["12:00:00 another line"]},
    )
    for one in noisy.values():
        one["summary"] += ", 7 seconds later"
    second = concluding.conclude(noisy)
    assert second["digest"] == first["digest"]
    assert concluding.plan.steps[0].before.startswith("path /other")


def changed_resource(runbook: Compiled) -> Compiled:
    """Let the service stand on another port."""
    service = runbook.service.model_copy(update={"resources": runbook.service.resources | {"container_port": 9000}})
    return runbook.model_copy(update={"service": service})


def changed_account(runbook: Compiled) -> Compiled:
    """Let the service stand in another account."""
    return runbook.model_copy(update={"service": runbook.service.model_copy(update={"account": "999999999999"})})


@pytest.mark.parametrize("change", [changed_resource, changed_account])
def test_the_digest_changes_with_the_effect(concluding: World, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    first = concluding.conclude(findings(*CLOSED_PORT))
    other = change(compiled.read(RUNBOOK))
    monkeypatch.setattr(compiled, "read", lambda _: other)
    assert concluding.conclude(findings(*CLOSED_PORT))["digest"] != first["digest"]


def test_another_fix_has_another_digest(concluding: World) -> None:
    digests = {concluding.conclude(findings(*signals))["digest"] for signals, _ in FIXED.values()}
    assert len(digests) == len(FIXED)


def test_overrides_hold_for_the_plan_too(world: World) -> None:
    world.open({"parameters": {"health_url": "https://api.maisonganopa.com/ready"}})
    assert world.conclude(findings(*CLOSED_PORT))["outcome"] == "plan"
    assert world.record["overrides"] == {"health_url": "https://api.maisonganopa.com/ready"}


def test_what_is_broken_is_remembered_for_the_verdict(concluding: World) -> None:
    concluding.conclude(findings("health.failing", unknown=["webhook.failing"]))
    assert concluding.record["broken"] == ["health.failing"]


def test_what_was_wrong_stays_in_the_record_when_it_is_well_again(concluding: World) -> None:
    for found in (("health.failing",), CLOSED_PORT, ("health.failing",), ()):
        concluding.conclude(findings(*found))
    asked = compiled.read(RUNBOOK).questions
    assert concluding.record["broken"] == []
    assert concluding.record["wrong"] == [
        f"{asked['health']['failing']} (health was looked at)",
        f"{asked['webhook']['failing']} (webhook was looked at)",
        f"{asked['targets']['none-healthy']} (targets was looked at)",
    ]


def test_the_time_of_the_first_diagnosis_is_kept(concluding: World) -> None:
    concluding.conclude(findings(*CLOSED_PORT))
    first = concluding.record["diagnosed_at"]
    concluding.conclude(findings(*CLOSED_PORT))
    assert concluding.record["diagnosed_at"] == first


def test_a_thousand_targets_make_the_record_no_larger(concluding: World) -> None:
    def size(targets: int) -> int:
        reasons = [f"Target {number:04} failed its health checks" for number in range(targets)]
        found = findings(*UNHEALTHY, facts={"targets": {"reasons": reasons}}, evidence={"targets": reasons})
        concluding.conclude(found)
        return len(json.dumps(concluding.record))

    assert abs(size(1000) - size(20)) < 10


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    signals=st.sampled_from([CLOSED_PORT, WRONG_HEALTH_CHECK, DESIRED_ZERO, DOWN, CRASH]),
    chance=st.randoms(use_true_random=False),
)
def test_the_order_of_findings_and_signals_does_not_matter(
    concluding: World, signals: tuple[str, ...], chance: Random
) -> None:
    found = findings(*signals)
    first = concluding.conclude(found)
    ranked = causes(concluding)
    shuffled = {
        name: found[name]
        | {"signals": dict(chance.sample(list(found[name]["signals"].items()), len(found[name]["signals"])))}
        for name in chance.sample(list(found), len(found))
    }
    assert concluding.conclude(shuffled) == first
    assert causes(concluding) == ranked


def test_a_first_plan_is_the_first_question_and_its_first_call(concluding: World) -> None:
    answer = concluding.conclude(findings(*CLOSED_PORT))
    assert (answer["round"], answer["turn"]) == (1, FIRST)


def test_what_was_not_asked_yet_stays_the_question_it_was_to_be(concluding: World) -> None:
    """Looking again before the first question, and after a plan that changed but has not been asked about."""
    concluding.conclude(findings(*UNHEALTHY))
    assert concluding.conclude(findings(*CLOSED_PORT), 1)["round"] == 1
    assert concluding.conclude(findings(*CLOSED_PORT), 2)["round"] == 2


@pytest.mark.parametrize("turn", [FIRST, REMINDER, SECOND])
def test_the_same_plan_keeps_its_question_and_what_is_left_of_its_turn(concluding: World, turn: dict[str, int]) -> None:
    concluding.ask()
    concluding.change(call=turn["call"], turn_until=int(time.time()) + 100)
    answer = concluding.conclude(findings(*CLOSED_PORT), 1)
    assert answer["round"] == 1
    assert answer["turn"]["call"] == turn["call"]
    assert 98 <= answer["turn"]["seconds"] <= 100


def test_a_turn_that_has_passed_meanwhile_ends_at_once_and_not_never(concluding: World) -> None:
    concluding.ask()
    concluding.change(turn_until=int(time.time()) - 100)
    assert concluding.conclude(findings(*CLOSED_PORT), 1)["turn"] == {"call": 0, "seconds": 1}


def test_looking_again_and_again_does_not_give_the_approvers_more_time(concluding: World) -> None:
    concluding.ask()
    concluding.change(turn_until=int(time.time()) + 100)
    for number in range(5):
        answer = concluding.conclude(findings(*CLOSED_PORT), 1)
        concluding.call(answer["turn"], 1, token=f"token-{number}")
    assert concluding.approval().turn_until <= time.time() + 100


@pytest.mark.parametrize("signals", [WRONG_HEALTH_CHECK, (*CLOSED_PORT, "probe.mismatch"), (*EMPTY,), ()])
def test_another_plan_is_another_question(concluding: World, signals: tuple[str, ...]) -> None:
    concluding.ask()
    concluding.change(call=2, turn_until=int(time.time()) + 100)
    answer = concluding.conclude(findings(*signals), 1)
    assert (answer["round"], answer["turn"]) == (2, FIRST)


def test_concluding_changes_no_question(concluding: World) -> None:
    concluding.ask()
    before = concluding.question()
    concluding.conclude(findings(*WRONG_HEALTH_CHECK), 1)
    assert concluding.question() == before


def test_an_event_with_a_key_that_no_state_sends_is_refused(concluding: World) -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        conclude.handler({**OF, "findings": findings(), "round": 0, "approve": True})
    assert concluding.record.get("plan") is None


def test_a_runbook_with_one_check_works_alike(concluding: World, monkeypatch: pytest.MonkeyPatch) -> None:
    original = compiled.read(RUNBOOK)
    document = original.runbook.model_dump(by_alias=True)
    document |= {
        "checks": {"firewall": document["checks"]["firewall"]},
        "causes": [
            {
                "name": "closed",
                "title": "The port is closed",
                "confirmed_by": ["firewall.port-closed"],
                "manual": "Open port {container_port}.",
            }
        ],
        "validation": {"signals": ["firewall.port-closed"], "every": 1, "attempts": 1},
    }
    small = original.model_copy(
        update={
            "runbook": Runbook.model_validate(document),
            "questions": {"firewall": original.questions["firewall"]},
        }
    )
    monkeypatch.setattr(compiled, "read", lambda _: small)
    found = findings("firewall.port-closed")
    assert concluding.conclude(found)["outcome"] == "manual"
    assert causes(concluding)[0].manual == "Open port 8000."


# What speaks against a plan

TIGHT: dict[str, Any] = {
    "open_security_group_port": {
        "bounds": {"port": {"most": 1023}},
        "forbidden": [{"start": "00:00", "end": "00:00"}],
    }
}
BEYOND = [
    "open_security_group_port: port is 8000, at most 1023.0",
    "open_security_group_port may not run from 00:00 to 00:00 (UTC)",
]
OFTEN = "ganopa-bot has been repaired 3 times within 24 hours and fails again"


def flap(world: World, times: int = 3) -> None:
    """Let other incidents have repaired the service."""
    for number in range(times):
        limits.repairing(world.incidents, compiled.read(RUNBOOK).service, f"other-{number}")


def test_within_the_limits_nothing_speaks_against_a_plan(concluding: World, rules: Rules) -> None:
    rules(also={"limits": {"open_security_group_port": {"bounds": {"port": {"most": 8000}}, "resources": 1}}})
    flap(concluding, 2)
    assert concluding.conclude(findings(*CLOSED_PORT))["outcome"] == "plan"
    assert concluding.record["against"] == []
    assert not [line for line in concluding.timeline if line.startswith("Not proposed")]


def test_an_operation_is_proposed_however_often_the_service_was_repaired(concluding: World, rules: Rules) -> None:
    rules(runbook={"operation": True})
    flap(concluding)
    assert concluding.conclude(findings(*CLOSED_PORT))["outcome"] == "plan"


def test_what_the_validation_expects_is_what_the_plan_says(concluding: World, rules: Rules) -> None:
    assert concluding.conclude(findings(*CLOSED_PORT))["expected"] == {}
    validation = compiled.read(RUNBOOK).runbook.validation.model_copy(
        update={"with_": {"webhook": {"seen": "{firewall.rules}"}}}
    )
    rules(runbook={"validation": validation})
    seen = findings(*CLOSED_PORT, facts={"firewall": {"rules": 3}})
    assert concluding.conclude(seen)["expected"] == {"webhook": {"seen": 3}}
    assert concluding.conclude(findings())["expected"] == {}


def test_a_plan_beyond_the_limits_is_not_proposed_and_every_reason_is_told(concluding: World, rules: Rules) -> None:
    rules(also={"limits": TIGHT})
    answer = concluding.conclude(findings(*CLOSED_PORT))
    assert (answer["outcome"], answer["digest"]) == ("limited", concluding.plan.digest)
    assert concluding.record["against"] == BEYOND
    assert concluding.timeline[-2:] == [f"Not proposed: {reason}" for reason in BEYOND]


def test_a_service_that_flaps_is_not_repaired_again(concluding: World, rules: Rules) -> None:
    rules(also={"limits": TIGHT})
    flap(concluding)
    assert concluding.conclude(findings(*CLOSED_PORT))["outcome"] == "flapping"
    assert concluding.record["against"] == [OFTEN]
    assert concluding.timeline[-1] == f"Not proposed: {OFTEN}"


@pytest.mark.parametrize(
    ("signals", "outcome"), [((), "healthy"), (MANUAL["container-crashes"][0], "manual"), (DOWN, "unclear")]
)
def test_where_there_is_no_plan_nothing_speaks_against_it(
    concluding: World, rules: Rules, signals: tuple[str, ...], outcome: str
) -> None:
    rules(also={"limits": TIGHT})
    flap(concluding)
    assert concluding.conclude(findings(*signals))["outcome"] == outcome
    assert concluding.record["against"] == []


def test_what_spoke_against_a_plan_is_forgotten_once_it_does_not_any_more(concluding: World, rules: Rules) -> None:
    rules(also={"limits": TIGHT})
    concluding.conclude(findings(*CLOSED_PORT))
    rules(also={"limits": {}})
    assert concluding.conclude(findings(*CLOSED_PORT))["outcome"] == "plan"
    assert concluding.record["against"] == []


def test_a_fix_touches_one_thing_or_as_many_as_its_parameter_lists(
    concluding: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    concluding.conclude(findings(*FIXED["service-inactive"][0]))
    assert [step.touches for step in concluding.plan.steps] == [1]
    original = compiled.read(RUNBOOK)
    listing = original.fixes["recreate_ecs_service"].model_copy(update={"touches": "subnets"})
    changed = original.model_copy(update={"fixes": original.fixes | {"recreate_ecs_service": listing}})
    monkeypatch.setattr(compiled, "read", lambda _: changed)
    concluding.conclude(findings(*FIXED["service-inactive"][0]))
    assert [step.touches for step in concluding.plan.steps] == [len(original.service.resources["subnets"])] == [2]
