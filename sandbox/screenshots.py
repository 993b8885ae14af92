"""Pictures of the approval page to look at: `make screenshots` puts them into build/screenshots.

Each state of an incident, on a phone and a desktop, light and dark, in both languages.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import get_args

from rich.console import Console

from sandbox import approver
from sandbox.browser import DESKTOP, PHONE, Browser, Scheme
from sandbox.cdk import PROJECT
from sandbox.cloud import Sandbox
from sandbox.watch import follow
from statemachines import load
from statemachines.model import Service

FOLDER = PROJECT / "build" / "screenshots"
SERVICE, RUNBOOK, INCIDENT = "ganopa-bot", "webhook_unavailable", "closed-port"
DEVICES = {"phone": PHONE, "desktop": DESKTOP}
SECONDS = 30
console = Console(highlight=False)


def main() -> None:
    """Break the service once for each language, and take pictures before and after the approval."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    service = load.services()[SERVICE]
    # The browser comes last: its thread counts as running an event loop.
    with Sandbox.start() as sandbox, Browser.start() as browser:
        sandbox.deploy(SERVICE)
        for language in get_args(Service.model_fields["language"].annotation):
            _speak(sandbox, language)
            for state, link in _states(sandbox, service):
                _take(browser, link, f"{language}-{state}")
    console.print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(Path.cwd())}")


def _speak(sandbox: Sandbox, language: str) -> None:
    """Let every function of the service speak another language than its file says."""
    functions = sandbox.client("lambda")
    for function in functions.list_functions()["Functions"]:
        variables = function["Environment"]["Variables"] | {"SERVICE_LANGUAGE": language}
        functions.update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": variables}
        )


def _states(sandbox: Sandbox, service: Service) -> Iterator[tuple[str, str]]:
    """Yield a link that shows a question now, then one that shows a report, whose repair ends the first question."""
    yield "question", _asked(sandbox, service)
    yield "report", _answered(sandbox, service)


def _asked(sandbox: Sandbox, service: Service) -> str:
    """Ask a question, and return the first approver's link."""
    sandbox.world.break_(INCIDENT)
    sandbox.world.wait_until(lambda: not sandbox.world.healthy(), SECONDS)
    return _start(sandbox, service)[1]


def _answered(sandbox: Sandbox, service: Service) -> str:
    """Approve a question, and return the link when the incident is closed."""
    execution, link = _start(sandbox, service)
    approver.decide(link, "approve")
    for _ in follow(sandbox, execution):
        pass
    return link


def _start(sandbox: Sandbox, service: Service) -> tuple[str, str]:
    started = sandbox.client("stepfunctions").start_execution(
        stateMachineArn=service.state_machine_arn(RUNBOOK), input=json.dumps({"requester": "lina@maisonganopa.com"})
    )
    incident = started["executionArn"].rpartition(":")[2]
    mail = sandbox.mailbox.wait_for(lambda one: incident in one.body and "/incidents/" in one.body, SECONDS)
    return started["executionArn"], str(approver.LINK.findall(mail.body)[0])


def _take(browser: Browser, link: str, name: str) -> None:
    for (device, shape), scheme in product(DEVICES.items(), get_args(Scheme)):
        with browser.page(shape, scheme=scheme) as page:
            page.goto(link)
            page.screenshot(path=FOLDER / f"{name}-{device}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    main()
