"""Writes the catalogue of all runbooks, docs/runbooks.md, from their own files: `make runbooks`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from functions.core import catalogue
from statemachines import load
from statemachines.chain import compile_chain
from statemachines.load import FileError
from statemachines.model import Cause, FixUse, Runbook, RunbookUse, Service
from statemachines.states import State

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs" / "runbooks.md"


def page() -> str:
    """Write the catalogue as Markdown."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 (Markdown of our own files)
        keep_trailing_newline=True,
    )
    helpers = {
        "graph": _graph,
        "triggers": _triggers,
        "sentences": _sentences,
        "effect": _effect,
        "fixes": catalogue.fixes(),
    }
    services, runbooks = load.services(), load.runbooks()
    using = {name: [one for one in services.values() if name in one.runbooks] for name in runbooks}
    return environment.get_template("page.md").render(
        runbooks=runbooks, using=using, checks=catalogue.checks(), **helpers
    )


def _triggers(service: Service, runbook: str) -> list[str]:
    use: RunbookUse = service.runbooks[runbook]
    alarms = [f"alarm `{service.alarm_name(alarm, runbook)}`" for alarm in use.alarms]
    return [*alarms, *(f"event `{event}`" for event in use.events), "an engineer, in the console"]


def _sentences(runbook: Runbook, signals: list[str]) -> str:
    return "; ".join(f"{_sentence(runbook, signal)} (`{signal}`)" for signal in signals)


def _sentence(runbook: Runbook, signal: str) -> str:
    name, _, question = signal.partition(".")
    return catalogue.checks()[runbook.checks[name].check].signals[question]


def _effect(cause: Cause, use: FixUse) -> str:
    fix = catalogue.fixes()[use.fix]
    undo = f"undo: {fix.undo_effect}" if fix.undo_effect else "cannot be undone"
    return f"`{use.fix}`: {use.before.strip()} → {use.after.strip()}. Risk {fix.risk}; {undo}" if cause.fix else ""


def _graph(runbook: Runbook, service: Service) -> str:
    """Draw the state machine's own states, as the console would; states of a parallel one are counted."""
    states: dict[str, State] = compile_chain(runbook, service, lambda name: name)["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    shown = [f'  {ids[name]}["{name}{_branches(state)}"]' for name, state in states.items()]
    arrows = [f"  {ids[name]} --> {ids[to]}" for name, state in states.items() for to in dict.fromkeys(_next(state))]
    return "\n".join(["flowchart TD", *shown, *arrows])


def _branches(state: State) -> str:
    return f" ({len(state['Branches'])} checks)" if "Branches" in state else ""


def _next(state: dict[str, Any]) -> Iterator[str]:
    """List where a state leads when nothing fails."""
    yield from (rule["Next"] for rule in state.get("Choices", []))
    yield from (state[word] for word in ("Next", "Default") if word in state)


def main() -> int:
    """Write the page."""
    try:
        text = page()
    except FileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
