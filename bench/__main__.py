"""Prints what is measured beside what it is compared with; judges nothing, so the exit status is 0."""

import os
import subprocess
import sys
import time

from rich.console import Console

from bench import account, cold_start, growth, incident, payload, price, rebuild, rounds
from bench.report import Report, Row, seconds, show
from sandbox.cloud import Sandbox

WIDTH = 140


def main() -> int:
    """Run every measurement on one sandbox and print each as soon as it is known."""
    console = Console(width=WIDTH, highlight=False)
    console.print("Measuring. This takes some minutes and wants the machine for itself.\n")
    demo = _demo()
    started = time.monotonic()
    with Sandbox.start() as sandbox:
        running = time.monotonic()
        sandbox.deploy(incident.SERVICE)
        deployed = time.monotonic()
        sandbox.world.wait_until(sandbox.world.healthy, incident.SECONDS)
        show(console, cold_start.measure(sandbox))
        incident.calm(sandbox)  # the fixes were called too
        show(console, payload.measure(sandbox))
        show(console, price.measure(sandbox))
        rounds.broken(sandbox)
        played = {latency: rounds.play(sandbox, latency) for latency in (0, rounds.LATENCY)}
        show(console, rounds.to_mail(played))
        show(console, rounds.to_diagnosis(played))
    show(console, _setup(running - started, deployed - running, demo))
    show(console, rebuild.measure())
    show(console, growth.measure())
    show(console, account.measure())
    return 0


def _demo() -> float:
    started = time.monotonic()
    environment = os.environ | {"APPROVE": "yes", "INCIDENT": incident.BROKEN}
    subprocess.run([sys.executable, "-m", "sandbox.demo"], env=environment, capture_output=True, check=True)
    return time.monotonic() - started


def _setup(start: float, deploy: float, demo: float) -> Report:
    rows: list[Row] = [
        ("start the sandbox with its simulated system", seconds(start)),
        ("bootstrap and deploy the stack with the CDK CLI", seconds(deploy)),
        ("make demo APPROVE=yes, once everything is installed", seconds(demo)),
    ]
    return Report("6. Around it", ("", "measured"), rows)


if __name__ == "__main__":
    sys.exit(main())
