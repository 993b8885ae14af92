import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any, get_args

import jsonata
import pytest

from functions.core import catalogue
from functions.core.approval import Decision, NotAllowed
from functions.core.fix import InProgress, Interfered
from functions.core.guards import Asked
from functions.core.outcomes import OUTCOMES, VERDICTS
from functions.core.turns import Turn, turn
from functions.workflow.escalate import WHY
from functions.workflow.target_lock import HELD_SECONDS, TargetLocked
from functions.workflow.tidy_up import STOPPED
from infra.functions import SIZES
from statemachines import load
from statemachines.chain import MAX_LOOKS, MAX_QUESTIONS, compile_chain
from statemachines.model import LONGEST_VALIDATION, Runbook, Service
from statemachines.states import State, States

USES = [(service, name) for service in load.services().values() for name in service.runbooks]
FUNCTIONS = {
    f"{function.kind}/{name}": function
    for functions in (catalogue.checks(), catalogue.fixes(), catalogue.steps())
    for name, function in functions.items()
}
EXPRESSION = re.compile(r"\{% (.*?) %\}")
CONCLUSIONS = ("healthy", "joined", "plan", "limited", "flapping", "manual", "unclear")
VARIABLE = re.compile(r"\$([a-z]\w*)\b(?!\()")


class Chain:
    """A compiled state machine, as a graph."""

    def __init__(self, service: Service, runbook: Runbook) -> None:
        self.service = service
        self.runbook = runbook
        self.definition = compile_chain(runbook, service, lambda name: f"arn:{name}")
        self.states: States = self.definition["States"]

    @property
    def scopes(self) -> list[dict[str, Any]]:
        """The state machine itself, and every branch of its parallel states."""
        branches = [branch for state in self.states.values() for branch in state.get("Branches", [])]
        return [self.definition, *branches]

    @property
    def everywhere(self) -> list[tuple[str, State]]:
        """Every state, those of branches too."""
        return [(name, state) for scope in self.scopes for name, state in scope["States"].items()]

    @property
    def tasks(self) -> list[tuple[str, State]]:
        """Every state that calls a function."""
        return [(name, state) for name, state in self.everywhere if state["Type"] == "Task"]

    def reachable(self, start: str = "Open", *, without: tuple[str, ...] = ()) -> set[str]:
        """List the states that can be reached, where some cannot be passed."""
        return reach(self.states, start, without)

    def starting(self, verb: str) -> set[str]:
        """List the states whose names begin with a word."""
        return {name for name in self.states if name.startswith(f"{verb} ")}

    def step_after(self, name: str) -> str:
        """Say which step follows a fix or an undo when it is over."""
        long = self.states.get(f"Done? {name}", self.states[name])
        return str(long["Assign"]["step"])

    def choose(self, name: str, **variables: Any) -> str:
        """Take a choice state's decision; return the next state."""
        return self._decision(name, variables)[0]

    def assigned(self, name: str, **variables: Any) -> State:
        """Take a choice state's decision; return what it sets."""
        return self._decision(name, variables)[1]

    def _decision(self, name: str, variables: dict[str, Any]) -> tuple[str, State]:
        state = self.states[name]
        for rule in state["Choices"]:
            expression = jsonata.Jsonata(EXPRESSION.fullmatch(rule["Condition"])[1])  # type: ignore[index]
            frame = expression.create_frame()
            for variable, value in variables.items():
                frame.bind(variable, value)
            if expression.evaluate({}, frame) is True:
                return rule["Next"], rule.get("Assign", {})
        return state["Default"], state.get("Assign", {})


def edges(state: State) -> Iterator[tuple[str, State]]:
    """List where a state may lead, with the variables that are set on the way."""
    assigned = state.get("Assign", {})
    for rule in state.get("Choices", []):
        yield rule["Next"], rule.get("Assign", {})
    for caught in state.get("Catch", []):
        yield caught["Next"], caught.get("Assign", {})
    for word in ("Next", "Default"):
        if word in state:
            yield state[word], assigned


def reach(states: States, start: str, without: tuple[str, ...] = ()) -> set[str]:
    """Walk from a state to all that can come after it."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without:
            found.add(name)
            waiting += [target for target, _ in edges(states[name])]
    return found


def texts(value: Any) -> Iterator[str]:
    """List every text inside of a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def used(value: Any) -> set[str]:
    """List the variables that the expressions inside of a value read."""
    expressions = [expression for text in texts(value) for expression in EXPRESSION.findall(text)]
    return {name for expression in expressions for name in VARIABLE.findall(expression)} - {"states"}


def _ladder() -> Chain:
    """Compile a runbook whose first cause is mended by a fix, or else by another one."""
    service, runbook = load.services()["ganopa-bot"], load.runbooks()["webhook_unavailable"]
    first, *others = runbook.causes
    rungs = [use for cause in runbook.causes for use in cause.fix][:2]
    climbed = first.model_copy(update={"fix": rungs, "ladder": True})
    return Chain(service, runbook.model_copy(update={"causes": [climbed, *others]}))


LADDER = _ladder()
RUNGS = {"count": 3, "until": [2, 3], "every": 0, "fixes": dict.fromkeys("012", LADDER.runbook.fixes[0].fix)}
CHAINS = {f"{service.name}-{name}": Chain(service, load.runbooks()[name]) for service, name in USES}


@pytest.fixture(params=[*CHAINS, "ladder"])
def chain(request: pytest.FixtureRequest) -> Chain:
    """Each service's chain for each of its runbooks, and one with rungs."""
    return LADDER if request.param == "ladder" else CHAINS[request.param]


def test_every_state_leads_to_states_that_exist(chain: Chain) -> None:
    for scope in chain.scopes:
        for state in scope["States"].values():
            assert {target for target, _ in edges(state)} <= scope["States"].keys()


def test_every_state_can_be_reached_and_ends_somewhere(chain: Chain) -> None:
    for scope in chain.scopes:
        assert reach(scope["States"], scope["StartAt"]) == scope["States"].keys()
        for state in scope["States"].values():
            assert list(edges(state)) or state.get("End") or state["Type"] in ("Fail", "Succeed")


def test_every_state_has_a_comment_and_a_name_of_its_own(chain: Chain) -> None:
    names = [name for name, _ in chain.everywhere]
    assert len(names) == len(set(names))
    assert all(0 < len(name) <= 80 for name in names)
    assert all(len(state["Comment"]) > 10 for _, state in chain.everywhere)


def test_every_check_and_fix_is_a_state_of_its_own(chain: Chain) -> None:
    called = {name: state["Arguments"]["FunctionName"].removeprefix("arn:") for name, state in chain.tasks}
    for name, use in chain.runbook.checks.items():
        assert called[f"Check {name}"] == called[f"Recheck {name}"] == f"check/{use.check}"
    for name, use in chain.runbook.validating.items():
        assert called[f"Validate {name}"] == called[f"See {name}"] == f"check/{use.check}"
    for fix in chain.runbook.fixes:
        assert called[f"Fix {fix.fix}"] == called[f"Undo {fix.fix}"] == f"fix/{fix.fix}"
    assert set(called.values()) <= FUNCTIONS.keys()


def test_every_task_retries_and_catches_everything(chain: Chain) -> None:
    for name, state in chain.tasks:
        assert state["Retry"][-1]["MaxAttempts"] > 0, name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
    for state in chain.states.values():
        if state["Type"] == "Parallel":
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_a_check_that_fails_ends_as_unknown_inside_of_its_branch(chain: Chain) -> None:
    for branch in chain.scopes[1:]:
        look = branch["States"][branch["StartAt"]]
        assert [caught["Next"] for caught in look["Catch"]] == [f"{branch['StartAt']}: unknown"]


def test_every_step_is_given_exactly_what_it_takes(chain: Chain) -> None:
    for name, state in chain.tasks:
        function = FUNCTIONS[state["Arguments"]["FunctionName"].removeprefix("arn:")]
        payload = state["Arguments"]["Payload"].keys()
        if function.kind == "workflow":
            assert payload == function.parameters.model_fields.keys(), name
        elif function.kind == "fix":
            undoing = {"undo"} if name.startswith("Undo") else set()
            assert payload == Asked.model_fields.keys() - {"undo"} | undoing, name
        else:
            assert payload == {"parameters"}, name


def test_the_task_token_is_in_one_state_only(chain: Chain) -> None:
    assert [name for name, state in chain.everywhere if "Task.Token" in json.dumps(state)] == ["Ask for approval"]
    waiting = [name for name, state in chain.tasks if state["Resource"].endswith(".waitForTaskToken")]
    assert waiting == ["Ask for approval"]


def test_every_call_is_waited_for_as_long_as_the_turn_says(chain: Chain) -> None:
    expression = EXPRESSION.fullmatch(chain.states["Ask for approval"]["TimeoutSeconds"])
    assert expression
    seconds = []
    call: Turn | None = turn(chain.service.approval, 0)
    while call:
        compiled = jsonata.Jsonata(expression[1])
        frame = compiled.create_frame()
        frame.bind("turn", call.model_dump())
        seconds.append(compiled.evaluate({}, frame))
        call = turn(chain.service.approval, call.call + 1)
    assert all(isinstance(one, int) and one > 0 for one in seconds)
    assert sum(seconds) == chain.service.approval.minutes * 60


def test_silence_is_the_one_timeout_that_is_no_failure(chain: Chain) -> None:
    asking = chain.states["Ask for approval"]["Catch"]
    assert [(one["ErrorEquals"], one["Next"]) for one in asking] == [
        (["States.Timeout"], "Whose turn"),
        (["States.ALL"], "Unlock target"),
    ]
    transient = [error for retry in chain.states["Ask for approval"]["Retry"] for error in retry["ErrorEquals"]]
    assert not {"States.Timeout", "States.ALL", "States.TaskFailed"} & set(transient)  # silence is not asked again


def test_nobody_waits_for_ever(chain: Chain) -> None:
    asking = chain.service.approval.minutes * 60
    lock = chain.states["Lock target"]["Retry"][0]
    locking = lock["IntervalSeconds"] * lock["MaxAttempts"]
    assert lock["BackoffRate"] == 1
    longest = MAX_QUESTIONS * (asking + locking) + LONGEST_VALIDATION
    assert longest < chain.definition["TimeoutSeconds"]
    assert LONGEST_VALIDATION <= HELD_SECONDS / 2


def test_a_locked_target_is_waited_for_and_then_left_to_people(chain: Chain) -> None:
    lock = chain.states["Lock target"]
    assert lock["Retry"][0]["ErrorEquals"] == [TargetLocked.__name__]
    gave_up, failed = lock["Catch"]
    assert (gave_up["ErrorEquals"], gave_up["Next"]) == ([TargetLocked.__name__], "Escalate")
    after_a_change = "{% $done = '' ? 'locked' : 'unfinished' %}"
    assert gave_up["Assign"] == {"outcome": after_a_change if chain.runbook.awaiting else "locked"}
    assert failed["Next"] == "Unlock target"  # it may have been taken before its answer got lost


def test_the_definition_is_far_from_the_limit(chain: Chain) -> None:
    assert len(json.dumps(chain.definition)) < 200_000  # AWS takes 1 MB


def test_every_expression_is_jsonata(chain: Chain) -> None:
    for text in texts(chain.definition):
        assert text.count("{%") == text.count("%}") == len(EXPRESSION.findall(text))
        for expression in EXPRESSION.findall(text):
            jsonata.Jsonata(expression)


def test_every_variable_is_set_on_every_way_to_where_it_is_read(chain: Chain) -> None:
    known: dict[str, set[str]] = {"Open": set()}
    waiting = ["Open"]
    while waiting:
        name = waiting.pop()
        for target, assigned in edges(chain.states[name]):
            before = known[name] | assigned.keys()
            after = known.get(target, before) & before
            if known.get(target) != after:
                known[target] = after
                waiting.append(target)
    for name, state in chain.states.items():
        assert used(state) <= known[name], name


def test_no_fix_without_question_lock_and_second_look(chain: Chain) -> None:
    changing = chain.starting("Fix") | chain.starting("Undo")
    assert changing <= chain.reachable()
    for guard in (
        "Ask for approval",
        "Decided?",
        "Lock target",
        "Recheck",
        "Conclude again",
        "Still the same?",
        "Next fix",
    ):
        assert not changing & chain.reachable(without=(guard,)), guard


def test_no_way_from_the_lock_to_the_end_without_unlocking(chain: Chain) -> None:
    ends = {"Close", "Escalate", "Done", "Failed", "Ask for approval"}
    unlocking = ("Unlock target", "Unlock to ask again", "Unlock to wait")
    assert ends <= chain.reachable("Recheck")
    assert not ends & chain.reachable("Recheck", without=unlocking)
    locking = {following for following, assigned in edges(chain.states["Lock target"])}
    assert locking == {"Recheck", "Unlock target", "Escalate"}  # the last one while another incident holds it


def test_nothing_ends_without_its_report_but_what_was_refused(chain: Chain) -> None:
    ends = {name for name, state in chain.states.items() if state["Type"] in ("Fail", "Succeed")}
    assert ends == {"Refused", "Failed", "Done"}
    assert ends & chain.reachable(without=("Close",)) == {"Refused"}


def test_every_failure_is_escalated(chain: Chain) -> None:
    assert "Close" not in chain.reachable("Unlock target", without=("Escalate", "Tell anyone?"))
    for outcome in OUTCOMES.keys() - {"recovered", "healthy", "joined"}:
        assert chain.choose("Tell anyone?", outcome=outcome) == "Escalate"
    for outcome in ("recovered", "healthy", "joined"):
        assert chain.choose("Tell anyone?", outcome=outcome) == "Close"


def test_whatever_is_escalated_has_its_reason(chain: Chain) -> None:
    """After the question only what was decided closes in silence; before it, what is well or was only diagnosed."""
    closing = {"rejected", "expired", "diagnosed"}
    assert WHY.keys() == OUTCOMES.keys() - closing
    assert chain.choose("Tell anyone?", outcome="another") == "Escalate"


def test_diagnosing_changes_nothing_and_asks_nobody(chain: Chain) -> None:
    changing = chain.starting("Fix") | chain.starting("Undo") | {"Ask for approval", "Lock target"}
    assert not changing & chain.reachable(without=("What now?",))
    for outcome, look in product(CONCLUSIONS, range(1, MAX_LOOKS + 1)):
        plan = {"outcome": outcome}
        following = chain.choose("What now?", opened={"mode": "diagnose"}, plan=plan, look=look, done="")
        assert following in ("Close", "Look again soon")
        assert following == "Close" or (outcome == "unclear" and look < MAX_LOOKS)


@pytest.mark.parametrize(
    ("outcome", "look", "following"),
    [
        ("healthy", 1, "Close"),
        ("plan", 1, "Ask for approval"),
        ("joined", 1, "Close"),
        ("manual", 1, "Escalate"),
        ("limited", 1, "Escalate"),
        ("flapping", 1, "Escalate"),
        ("unclear", 1, "Look again soon"),
        ("unclear", MAX_LOOKS, "Escalate"),
    ],
)
def test_what_follows_a_diagnosis(chain: Chain, outcome: str, look: int, following: str) -> None:
    plan = {"outcome": outcome, "round": 1}
    assert chain.choose("What now?", opened={"mode": "fix"}, plan=plan, look=look, done="") == following


@pytest.mark.parametrize(
    ("round_number", "following"), [(MAX_QUESTIONS, "Ask for approval"), (MAX_QUESTIONS + 1, "Escalate")]
)
def test_a_plan_that_keeps_changing_is_asked_about_a_few_times(chain: Chain, round_number: int, following: str) -> None:
    plan = {"outcome": "plan", "round": round_number}
    assert chain.choose("What now?", opened={"mode": "fix"}, plan=plan, look=1) == following


@pytest.mark.parametrize("refused", ["", "mode: Input should be 'fix' or 'diagnose'."])
def test_what_follows_an_input(chain: Chain, refused: str) -> None:
    assert chain.choose("Accepted?", opened={"refused": refused}) == ("Refused" if refused else "Diagnose")


@pytest.mark.parametrize("decision", ["approved", "rejected", "expired", "withdrawn", "", None])
def test_only_an_approval_goes_on(chain: Chain, decision: str | None) -> None:
    assert chain.choose("Decided?", decision=decision) == ("Lock target" if decision == "approved" else "Close")


@pytest.mark.parametrize(("decision", "following"), [("ask", "Ask for approval"), ("look again", "Diagnose")])
def test_a_question_stays_open_where_nobody_has_decided(chain: Chain, decision: str, following: str) -> None:
    assert chain.choose("Decided?", decision=decision) == following


def test_no_way_from_silence_to_a_change_without_another_question(chain: Chain) -> None:
    changing = chain.starting("Fix") | chain.starting("Undo") | {"Next fix"}
    silent = chain.reachable("Whose turn", without=("Ask for approval", "Decided?"))
    assert not changing & silent
    for decision in ("ask", "look again", "expired", "rejected", "withdrawn", "replaced", "pending", None):
        following = chain.choose("Decided?", decision=decision)
        assert not changing & chain.reachable(following, without=("Ask for approval",)), decision


def test_a_look_again_changes_nothing_without_another_answer(chain: Chain) -> None:
    assert "Lock target" not in chain.reachable("Diagnose", without=("Decided?",))


def test_every_way_that_an_incident_can_end_has_its_words(chain: Chain) -> None:
    decided = set(get_args(Decision.model_fields["decision"].annotation))
    values: dict[str, set[str]] = {
        "decision": decided - {"approved"} | {"expired"},
        "plan.outcome": set(CONCLUSIONS) - {"plan", "healthy"},
        "again.outcome": {"limited", "flapping", "joined"},
        "verdict": VERDICTS.keys() - {"fixed", "unverifiable"},
    }
    said = [
        assigned["outcome"] for _, state in chain.everywhere for _, assigned in edges(state) if "outcome" in assigned
    ]
    assigned = chain.states["Open"]["Assign"]["outcome"]
    either = {text for text in said if "?" in text}
    named = {text for text in [assigned, *said] if not EXPRESSION.search(text)}
    named |= {word for text in either for word in re.findall(r"'([a-z]+)'", text)}
    found = [EXPRESSION.fullmatch(text) for text in said if EXPRESSION.search(text) and text not in either]
    computed = {one[1].lstrip("$") for one in found if one}
    assert computed == values.keys()
    later = set() if chain.runbook.awaiting else {"unfinished", "overdue"}
    fixing = set() if chain.runbook.fixes else {"refused", "not undone"}
    reached = named | {outcome for name in computed for outcome in values[name]}
    assert reached == OUTCOMES.keys() - {STOPPED} - later - fixing


@pytest.mark.parametrize(
    ("again", "round_number", "following"),
    [
        ({"outcome": "plan", "digest": "a"}, 1, "Next fix"),
        ({"outcome": "plan", "digest": "b"}, 2, "Unlock to ask again"),
        ({"outcome": "plan", "digest": "b"}, MAX_QUESTIONS, "Unlock to ask again"),
        ({"outcome": "plan", "digest": "b"}, MAX_QUESTIONS + 1, "Unlock target"),
        ({"outcome": "healthy", "digest": "a"}, 1, "Unlock target"),
        ({"outcome": "manual", "digest": "b"}, 1, "Unlock target"),
        ({"outcome": "unclear", "digest": "b"}, 1, "Unlock target"),
        ({"outcome": "limited", "digest": "a"}, 1, "Unlock target"),
        ({"outcome": "limited", "digest": "b"}, 2, "Unlock target"),
        ({"outcome": "flapping", "digest": "a"}, 1, "Unlock target"),
    ],
)
def test_only_the_approved_plan_is_carried_out(
    chain: Chain, again: dict[str, str], round_number: int, following: str
) -> None:
    variables = {"again": {**again, "round": round_number}, "plan": {"digest": "a"}}
    assert chain.choose("Still the same?", **variables) == following


def test_fixes_run_in_order_and_are_undone_in_reverse(chain: Chain) -> None:
    names = [fix.removeprefix("Fix ") for fix in sorted(chain.starting("Fix"))]
    count = len(names)
    plan = {"count": count, "until": [count], "fixes": {str(number): name for number, name in enumerate(names)}}
    done = [chain.choose("Next fix", plan=plan, step=step, rung=0) for step in range(count + 1)]
    assert done == [*(f"Fix {name}" for name in names), "Wait for effect"]
    undone = [chain.choose("Next undo", plan=plan, step=step) for step in range(len(names), -1, -1)]
    assert undone == [*(f"Undo {name}" for name in reversed(names)), "See what is left"]


def test_a_fix_that_is_not_in_the_runbook_is_not_carried_out(chain: Chain) -> None:
    plan = {"count": 1, "fixes": {"0": "delete_everything"}}
    assert chain.choose("Next fix", plan=plan, step=0) == "Unlock target"


@pytest.mark.parametrize(
    ("verdict", "following"),
    [
        ("wait", "Wait for effect"),
        ("fixed", "Unlock target"),
        ("unverifiable", "Unlock target"),
        ("not fixed", "Next undo"),
        ("worse", "Next undo"),
    ],
)
def test_what_follows_a_verdict(chain: Chain, verdict: str, following: str) -> None:
    assert chain.choose("Verdict?", verdict=verdict) == following


def test_a_failed_automation_is_a_failed_execution(chain: Chain) -> None:
    assert chain.choose("Failed?", outcome="failed") == "Failed"
    assert chain.choose("Failed?", outcome="recovered") == "Done"


def test_a_plan_that_may_not_be_carried_out_any_more_goes_to_people(chain: Chain) -> None:
    for outcome, following in (("limited", "Escalate"), ("flapping", "Escalate"), ("joined", "Close")):
        again = {"outcome": outcome, "digest": "a", "round": 1}
        assigned = chain.assigned("Still the same?", again=again, plan={"digest": "a"}, done="")
        assert assigned == {"outcome": "{% $again.outcome %}"}
        assert chain.choose("Tell anyone?", outcome=outcome) == following


def test_the_validation_is_given_what_was_approved() -> None:
    deploy = Chain(load.services()["harena"], load.runbooks()["verified_deploy"])
    given = {
        state["StartAt"]: state["States"][state["StartAt"]]["Arguments"]["Payload"]["parameters"]
        for state in deploy.states["Validate"]["Branches"]
    }
    assert given.pop("Validate version") == (
        "{% $merge([$lookup($opened.checks, 'version'), $lookup($plan.expected, 'version')]) %}"
    )
    assert all("$plan" not in parameters for parameters in given.values())
    assert deploy.states["Conclude"]["Assign"]["plan"]["expected"] == "{% $states.result.Payload.expected %}"
    left = deploy.states["See what is left"]["Branches"]
    assert "$plan" not in json.dumps(left)  # what was undone is not expected any more


AWAITED = Chain(load.services()["ganopa-bot"], load.runbooks()["https_broken"])


def test_a_plan_that_only_sets_something_going_is_awaited_without_the_lock() -> None:
    assert AWAITED.choose("Next fix", step=1, plan={"count": 1, "every": 300}) == "Unlock to wait"
    assert AWAITED.choose("Next fix", step=1, plan={"count": 1, "every": 0}) == "Wait for effect"
    assert AWAITED.states["Unlock to wait"]["Arguments"]["Payload"]["action"] == "release"
    assert AWAITED.states["Unlock to wait"]["Next"] == "Wait for others"
    assert AWAITED.states["Unlock to wait"]["Assign"] == {"done": "{% $plan.digest %}", "look": 1, "step": 0}
    assert AWAITED.states["Wait for others"]["Seconds"] == "{% $plan.every %}"
    assert [branch["StartAt"] for branch in AWAITED.states["Look for it"]["Branches"]] == ["Await validation"]
    following = {word: AWAITED.choose("Has it come?", progress=word) for word in ("wait", "done", "overdue")}
    assert following == {"wait": "Wait for others", "done": "Diagnose", "overdue": "Escalate"}
    assert AWAITED.assigned("Has it come?", progress="done") == {"look": 1}


def test_who_waits_for_the_lock_in_vain_after_a_first_change_does_not_say_that_nothing_was_changed() -> None:
    gave_up = AWAITED.states["Lock target"]["Catch"][0]
    expression = jsonata.Jsonata(gave_up["Assign"]["outcome"].removeprefix("{%").removesuffix("%}"))
    for done, outcome in (("", "locked"), ("a", "unfinished")):
        expression.assign("done", done)
        assert expression.evaluate(None) == outcome


def test_no_execution_is_timed_out_while_it_may_still_wait_for_others() -> None:
    asked, waited = AWAITED.service.approval.minutes * 60, AWAITED.runbook.longest_wait * 3600
    assert AWAITED.definition["TimeoutSeconds"] > MAX_QUESTIONS * (asked + waited)


@pytest.mark.parametrize(
    ("plan", "following", "outcome"),
    [
        ({"outcome": "healthy", "digest": "b"}, "Close", "recovered"),
        ({"outcome": "plan", "digest": "b"}, "Ask for approval", None),
        ({"outcome": "plan", "digest": "a"}, "Escalate", "not fixed"),
        ({"outcome": "manual", "digest": "b"}, "Escalate", "unfinished"),
        ({"outcome": "joined", "digest": "b"}, "Escalate", "unfinished"),
    ],
)
def test_what_follows_a_diagnosis_after_a_first_change(
    plan: dict[str, Any], following: str, outcome: str | None
) -> None:
    known: dict[str, Any] = {"opened": {"mode": "fix"}, "plan": plan | {"round": 2}, "look": MAX_LOOKS, "done": "a"}
    assert AWAITED.choose("What now?", **known) == following
    assert AWAITED.assigned("What now?", **known).get("outcome") == outcome


def test_who_does_not_approve_what_has_to_follow_leaves_it_to_people() -> None:
    assert AWAITED.choose("Decided?", decision="approved", done="a") == "Lock target"
    for decision in ("rejected", "expired"):
        assert AWAITED.assigned("Decided?", decision=decision, done="a") == {"outcome": "unfinished"}
        assert AWAITED.choose("Decided?", decision=decision, done="") == "Close"


@pytest.mark.parametrize(("again", "outcome"), [("healthy", "recovered"), ("limited", "unfinished")])
def test_what_is_found_right_before_the_next_change(again: str, outcome: str) -> None:
    known = {"again": {"outcome": again, "digest": "b", "round": 2}, "plan": {"digest": "b"}, "done": "a"}
    assert AWAITED.choose("Still the same?", **known) == "Unlock target"
    assert AWAITED.assigned("Still the same?", **known) == {"outcome": outcome}


def test_after_each_rung_is_time_to_see_whether_it_was_enough() -> None:
    fix = f"Fix {LADDER.runbook.fixes[0].fix}"
    following = [[LADDER.choose("Next fix", plan=RUNGS, step=step, rung=rung) for step in range(4)] for rung in (0, 1)]
    assert following == [[fix, fix, "Wait for effect", "Wait for effect"], [fix, fix, fix, "Wait for effect"]]
    assert LADDER.states["Open"]["Assign"]["rung"] == 0


def test_a_ladder_of_one_rung_is_looked_at_as_any_plan() -> None:
    one = {"count": 1, "until": 1, "fixes": {"0": "open_security_group_port"}}  # JSONata makes a list of one its member
    assert LADDER.choose("Next fix", plan=one, step=1, rung=0) == "Wait for effect"
    assert LADDER.choose("Verdict?", verdict="not fixed", plan=one, step=1, rung=0) == "Next undo"


@pytest.mark.parametrize(
    ("verdict", "step", "following"),
    [
        ("not fixed", 2, "Keep the lock"),
        ("not fixed", 3, "Next undo"),
        ("worse", 2, "Next undo"),
        ("unverifiable", 2, "Unlock target"),
        ("fixed", 2, "Unlock target"),
        ("wait", 2, "Wait for effect"),
    ],
)
def test_the_next_rung_is_climbed_only_where_the_one_before_has_not_helped(
    verdict: str, step: int, following: str
) -> None:
    assert LADDER.choose("Verdict?", verdict=verdict, plan=RUNGS, step=step, rung=0) == following


def test_the_next_rung_is_validated_anew_under_the_same_lock() -> None:
    assigned = LADDER.assigned("Verdict?", verdict="not fixed", plan=RUNGS, step=2, rung=0)
    assert assigned == {"rung": "{% $rung + 1 %}", "attempt": 0}
    keeping = LADDER.states["Keep the lock"]
    assert keeping["Arguments"]["Payload"]["action"] == "acquire"
    assert (keeping["Next"], keeping["Assign"]) == ("Next fix", {"lock": "{% $states.result.Payload.lock %}"})


LONG = "force_new_deployment"


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain in which one fix takes longer than a function may."""
    monkeypatch.setattr(catalogue.fixes()[LONG], "follow", lambda *_: True)
    return Chain(LADDER.service, load.runbooks()["webhook_unavailable"])


@pytest.mark.parametrize(
    ("verb", "following", "assigned"),
    [("Fix", "Next fix", {"step": "{% $step + 1 %}"}), ("Undo", "Next undo", {"step": "{% $step - 1 %}"})],
)
def test_what_takes_longer_than_a_function_may_is_waited_for_by_the_state_machine(
    long: Chain, verb: str, following: str, assigned: State
) -> None:
    name = f"{verb} {LONG}"
    assert (long.states[name]["Next"], long.states[name]["Assign"]) == (
        f"Done? {name}",
        {"running": "{% $states.result.Payload.running %}"},
    )
    assert long.choose(f"Done? {name}", running=True) == f"Wait: {name}"
    assert long.choose(f"Done? {name}", running=False) == following
    assert long.assigned(f"Done? {name}", running=False) == assigned
    assert long.states[f"Wait: {name}"]["Type"] == "Wait"
    assert long.states[f"Wait: {name}"]["Next"] == f"Keep lock: {name}"
    assert long.states[f"Keep lock: {name}"]["Next"] == name
    assert long.states[f"Keep lock: {name}"]["Arguments"]["Payload"]["action"] == "acquire"
    assert [one["Next"] for one in long.states[f"Keep lock: {name}"]["Catch"]] == ["Next undo"]


def test_only_what_takes_long_is_waited_for(long: Chain) -> None:
    waited = {name.removeprefix("Done? ") for name in long.states if name.startswith("Done? ")}
    assert waited == {f"Fix {LONG}", f"Undo {LONG}"}


def test_every_fix_is_told_its_lock_and_its_attempt(chain: Chain) -> None:
    assert chain.states["Lock target"]["Assign"] == {"lock": "{% $states.result.Payload.lock %}"}
    for name in chain.starting("Fix") | chain.starting("Undo"):
        payload = chain.states[name]["Arguments"]["Payload"]
        assert payload["lock"] == "{% $lock %}"
        assert payload["attempt"] == "{% $states.context.State.RetryCount %}"
        assert payload["round"] == "{% $plan.round %}"
        assert payload.get("undo", False) is name.startswith("Undo")


def test_a_change_in_progress_is_asked_about_again_when_it_is_over(chain: Chain) -> None:
    for name in chain.starting("Fix") | chain.starting("Undo"):
        busy, transient = chain.states[name]["Retry"]
        assert busy["ErrorEquals"] == [InProgress.__name__]
        assert busy["IntervalSeconds"] >= SIZES["fix"][1]  # a fix's Lambda is over by then
        assert (busy["BackoffRate"], busy["MaxAttempts"]) == (1, 2)
        assert InProgress.__name__ not in transient["ErrorEquals"]


def test_a_fix_that_fails_or_refuses_is_undone_too(chain: Chain) -> None:
    for name in chain.starting("Fix"):
        refused, failed = chain.states[name]["Catch"]
        assert refused["ErrorEquals"] == [NotAllowed.__name__, Interfered.__name__]
        assert failed["ErrorEquals"] == ["States.ALL"]
        for caught, outcome in ((refused, "refused"), (failed, "not fixed")):
            assert (caught["Next"], caught["Assign"]["outcome"]) == ("Next undo", outcome)
            assert caught["Assign"]["step"] == chain.step_after(name)
            assert caught["Assign"]["error"] == "{% $states.errorOutput %}"


def test_what_refuses_is_not_asked_again(chain: Chain) -> None:
    for name in chain.starting("Fix") | chain.starting("Undo"):
        retried = {error for retry in chain.states[name]["Retry"] for error in retry["ErrorEquals"]}
        assert not retried & {NotAllowed.__name__, Interfered.__name__, "States.ALL", "States.TaskFailed"}


def test_an_undo_that_fails_goes_on_with_the_next_one_and_says_so(chain: Chain) -> None:
    for name in chain.starting("Undo"):
        for caught in chain.states[name]["Catch"]:
            assert (caught["Next"], caught["Assign"]["outcome"]) == ("Next undo", "not undone")
            assert caught["Assign"]["step"] == chain.step_after(name) == "{% $step - 1 %}"


def test_after_an_undo_the_checks_look_again_and_write_down_what_they_see(chain: Chain) -> None:
    looking, telling = chain.states["See what is left"], chain.states["Hand over"]
    assert (looking["Next"], telling["Next"]) == ("Hand over", "Unlock target")
    assert telling["Arguments"]["FunctionName"] == "arn:workflow/judge"
    assert telling["Arguments"]["Payload"]["attempt"] == 0
    assert "outcome" not in {word for state in (looking, telling) for _, given in edges(state) for word in given}
    for state in (looking, telling):
        assert [caught["Next"] for caught in state["Catch"]] == ["Unlock target"]


def test_an_undone_incident_is_not_repaired_again(chain: Chain) -> None:
    after = chain.reachable("See what is left")
    assert not after & (chain.starting("Fix") | chain.starting("Undo") | {"Next fix", "Ask for approval"})


def test_what_cannot_be_validated_is_unverifiable_and_left_as_it_is(chain: Chain) -> None:
    for name in ("Validate", "Judge"):
        (caught,) = chain.states[name]["Catch"]
        assert (caught["Next"], caught["Assign"]["outcome"]) == ("Unlock target", "unverifiable")
        assert caught["Assign"]["error"] == "{% $states.errorOutput %}"


def test_what_a_failed_check_says_survives_an_error_without_a_cause() -> None:
    service, name = USES[0]
    chain = Chain(service, load.runbooks()[name])
    unknown = next(state for state_name, state in chain.everywhere if state_name.endswith(": unknown"))
    (answer,) = unknown["Output"].values()
    cause = EXPRESSION.fullmatch(answer["cause"])
    assert cause
    expression = jsonata.Jsonata(cause[1])
    frame = expression.create_frame()
    frame.bind("states", {"input": {"Error": "States.Timeout"}})
    assert expression.evaluate({}, frame) == ""


def test_the_chain_is_pure() -> None:
    service, name = USES[0]
    runbook = load.runbooks()[name]
    assert Chain(service, runbook).definition == Chain(service, runbook).definition


def test_the_console_says_what_the_state_machine_may_be_started_with(chain: Chain) -> None:
    told = chain.definition["Comment"]
    assert told.startswith(f"{chain.runbook.title}. Input: {{}}: look, ask, repair; ")
    overrides = chain.service.runbooks[chain.runbook.name].overrides
    assert [name for name in overrides if f'"{name}": …' in told] == list(overrides)
    assert ('"parameters"' in told) is bool(overrides)
