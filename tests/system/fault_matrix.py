"""The faults of every state of the chain, as a table: `make faults`, or `make faults STATE="Fix*"`."""

import fnmatch
import os
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from sandbox.cloud import Sandbox
from sandbox.faults import OF_CALLS, OF_INVOCATIONS, Fault, Kind
from statemachines import load
from statemachines.chain import compile_chain
from tests.system.faults import FIX, Left, Scenario, Trial, by_hand_only, play
from tests.system.run import RUNBOOK, SERVICE

SEEN = "health"  # the check that stands for all
NEVER = {"Unlock to ask again"}  # only where the plan changes while it is asked about
SCENARIOS: dict[str, Scenario] = {"Whose turn": "silence", "Escalate": "no effect", "Hand over": "no effect"}
CALLS = 8  # no function of the chain makes more in one invocation: then the fault strikes nothing


def states() -> list[str]:
    """List the states that call a function, in the chain's order: one check and one fix for all others."""
    chain = compile_chain(load.runbooks()[RUNBOOK], SERVICE, lambda name: name)
    tasks = [name for one in _machines(chain) for name, state in one["States"].items() if state["Type"] == "Task"]
    return [name for name in tasks if _stands(name) and name not in NEVER]


def trials(pattern: str = "*") -> Iterator[Trial]:
    """Yield every state with every fault of its invocation and of its calls, passing and lasting."""
    for state in (one for one in states() if fnmatch.fnmatchcase(one, pattern)):
        for kind in Kind:
            for times in (1, None):
                yield from _invocation(state, kind, times)
                yield from _calls(state, kind, times)
        yield from (crash(state, number) for number in range(CALLS))
        yield from (down(service, state) for service in ("dynamodb", "sns"))


def invocation(state: str, kind: Kind, times: int | None = 1) -> Trial:
    """Spoil a state's invocations."""
    return Trial(state, f"{kind.value}, {_often(times)}", (Fault(kind, state=state, times=times),), scenario(state))


def calls(state: str, kind: Kind, times: int | None = 1, call: str = "*") -> Trial:
    """Spoil the calls that a state's function makes."""
    fault = Fault(kind, state=state, call=call, times=times)
    return Trial(state, f"calls {kind.value}, {_often(times)}", (fault,), scenario(state))


def crash(state: str, number: int) -> Trial:
    """Let a state's function end between two calls: after so many."""
    fault = Fault(Kind.EXIT_BEFORE, state=state, call="*", after=number)
    return Trial(state, f"exit after {number} calls", (fault,), scenario(state))


def down(service: str, state: str) -> Trial:
    """Let a whole service be unavailable from a state on, to every function, until the execution has ended."""
    fault = Fault(Kind.UNAVAILABLE, call=f"{service}:*", since=state, times=None)
    return Trial(state, f"{service} down from here on", (fault,), scenario(state))


def scenario(state: str) -> Scenario:
    """Say what has to happen for a state to be entered."""
    return "no effect" if state.startswith(("Undo ", "See ")) else SCENARIOS.get(state, "repair")


def _invocation(state: str, kind: Kind, times: int | None) -> Iterator[Trial]:
    if kind in OF_INVOCATIONS:
        yield invocation(state, kind, times)


def _calls(state: str, kind: Kind, times: int | None) -> Iterator[Trial]:
    if kind in OF_CALLS - {Kind.HANGS}:  # it takes a function's whole time; the tests have one
        yield calls(state, kind, times)


def _machines(chain: dict[str, object]) -> Iterator[dict[str, dict[str, dict[str, object]]]]:
    yield chain  # type: ignore[misc]
    for state in chain["States"].values():  # type: ignore[attr-defined]
        for branch in state.get("Branches", []):
            yield from _machines(branch)


def _stands(name: str) -> bool:
    verb, _, what = name.partition(" ")
    if verb in {"Check", "Recheck", "Validate", "See"}:
        return what == SEEN
    return what == FIX if verb in {"Fix", "Undo"} else True


def _often(times: int | None) -> str:
    return "once" if times else "always"


def main() -> int:
    """Play all trials, or those of the states that STATE names; the exit status says whether anything is left."""
    console, bad = Console(width=150, highlight=False), 0
    table = Table("state", "fault", "struck", "outcome", "told", "left behind")
    with Sandbox.start() as sandbox:
        sandbox.deploy(SERVICE.name)
        with by_hand_only(sandbox):
            for trial in trials(os.environ.get("STATE") or "*"):
                left = play(sandbox, trial)
                if left.struck:
                    table.add_row(*row(trial, left))
                    console.print(*row(trial, left), sep=" | ")
                    bad += bool(left.behind)
    console.print(table)
    return 1 if bad else 0


def row(trial: Trial, left: Left) -> tuple[str, ...]:
    """Write a trial and what it left as a line of the table."""
    return (trial.where, trial.what, str(len(left.struck)), left.outcome, left.told, ", ".join(left.behind) or "-")


if __name__ == "__main__":
    sys.exit(main())
