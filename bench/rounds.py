"""Rounds of the same incident: the alarm rings, the chain asks, the commands are typed; without and with latency."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from bench import incident, typed
from bench.report import Report, Row, compared, milliseconds, row, seconds
from sandbox.cloud import Sandbox

ROUNDS = 5
LATENCY = 0.08  # seconds for every API call, of the functions and of the commands
FASTER, LONGER = 10, 1.2


class Asked(NamedTuple):
    """One incident up to its approval mail, in seconds."""

    mail: float
    diagnose: float
    conclude: float
    slowest: float


class Round(NamedTuple):
    """Both sides of one round: the chain with cold and with warm functions; the commands, and all looks, in seconds."""

    cold: Asked
    warm: Asked
    commands: float
    looks: float


def play(sandbox: Sandbox, latency: float) -> list[Round]:
    """Play all rounds with an artificial latency; the service has to be broken and its alarms in ALARM."""
    try:
        sandbox.latency = latency
        return [_round(sandbox) for _ in range(ROUNDS)]
    finally:
        sandbox.latency = 0


def broken(sandbox: Sandbox) -> None:
    """Break the service for the rounds, and wait until nothing but a round starts an incident."""
    sandbox.world.break_(incident.BROKEN)
    sandbox.world.wait_until(lambda: incident.steady(sandbox), incident.SECONDS)
    incident.stop(sandbox)


def _round(sandbox: Sandbox) -> Round:
    sandbox.cold()
    by_hand = [typed.seconds(sandbox, looks(sandbox)) for looks in (typed.commands, typed.looks)]
    return Round(_asked(sandbox), _asked(sandbox), *by_hand)


def _asked(sandbox: Sandbox) -> Asked:
    happened = incident.ring(sandbox)
    to_mail = happened.seconds_to_mail
    history = happened.end("reject")
    slowest = max(history.seconds(state, state) for state in history.states("Check"))
    diagnose, conclude = history.seconds("Diagnose", "Diagnose"), history.seconds("Diagnose", "Conclude")
    return Asked(to_mail, diagnose, conclude, slowest)


def to_mail(played: dict[float, list[Round]]) -> Report:
    """Compare the time from the alarm to the approval mail with the commands."""
    rows: list[Row] = []
    for latency, rounds in played.items():
        given, every = (_median(rounds, value) for value in (lambda one: one.commands, lambda one: one.looks))
        warm, cold = (_median(rounds, value) for value in (lambda one: one.warm.mail, lambda one: one.cold.mail))
        for name, ours in (("warm", warm), ("cold", cold)):
            rows.append(row(f"{name}{_with(latency)}", ours, given, seconds, FASTER, better="higher"))
            rows.append(row("  against every look", ours, every, seconds, better="higher"))
    notes = [
        f"Medians of {ROUNDS} rounds, one incident ({incident.BROKEN}). Cold: every function starts a new process.",
        "Commands: those that the runbook gives, three checks, run by bash without a pause: no reading, no thinking.",
        "Every look: also what it tells to look at in the console, one command each, and the endpoint by curl.",
    ]
    return Report("1. From the alarm's transition to the approval mail", compared("commands"), rows, notes)


def to_diagnosis(played: dict[float, list[Round]]) -> Report:
    """Compare the parallel state with the slowest check in it."""
    rows: list[Row] = []
    for latency, rounds in played.items():
        slowest = _median(rounds, lambda one: one.warm.slowest)
        diagnose = _median(rounds, lambda one: one.warm.diagnose)
        conclude = _median(rounds, lambda one: one.warm.conclude)
        rows.append(row(f"Diagnose entered to left{_with(latency)}", diagnose, slowest, milliseconds, LONGER))
        rows.append(row(f"Diagnose entered to Conclude left{_with(latency)}", conclude, slowest, milliseconds))
    notes = ["Warm rounds of the same run. The slowest check is the longest state inside of Diagnose."]
    return Report("2. Time to diagnose", compared("slowest check"), rows, notes)


def _with(latency: float) -> str:
    return f", {latency * 1000:.0f} ms per API call" if latency else ""


def _median(rounds: Sequence[Round], value: Callable[[Round], float]) -> float:
    return median(map(value, rounds))
