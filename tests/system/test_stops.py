"""Kill switches, change freezes, limits and the flapping guard, on the deployed template."""

import json
import time
from collections.abc import Iterator

import pytest

from functions.core.stops import EVERYTHING, GO, ONE_SERVICE
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.world import World
from tests.system.run import SECONDS, SERVICE, Run, Watch

AMEL = SERVICE.approval.levels[0].approvers[0]
OWN = ONE_SERVICE.format(service=SERVICE.name)


class Switch:
    """Sets the kill switches, and puts them back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.ssm = sandbox.client("ssm")

    def __call__(self, value: str, name: str = OWN) -> None:
        """Set one, for now."""
        self.ssm.put_parameter(Name=name, Value=value, Overwrite=True)

    def go(self) -> None:
        """Let everything go."""
        for name in (EVERYTHING, OWN):
            self.ssm.put_parameter(Name=name, Value=GO, Type="String", Overwrite=True)


@pytest.fixture
def switch(sandbox: Sandbox, world: World) -> Iterator[Switch]:  # noqa: ARG001 (calm first)
    """The kill switches, which say go again afterwards."""
    made = Switch(sandbox)
    yield made
    made.go()


def ask(sandbox: Sandbox, world: World) -> Run:
    """Break the world, and start the runbook by hand up to its question."""
    world.break_("closed-port")
    world.wait_until(lambda: not world.healthy(), SECONDS)
    run = Run.by_hand(sandbox)
    run.asked()
    return run


@pytest.mark.parametrize("name", [EVERYTHING, OWN])
def test_kill_switch_lets_nobody_approve_until_it_says_go(
    sandbox: Sandbox, world: World, switch: Switch, name: str
) -> None:
    run = ask(sandbox, world)
    switch("the release goes wrong", name)
    link = run.links(AMEL)[0]
    page = approver.look(link)
    assert "the release goes wrong" in page.html
    refused = approver.send(link, page.form | {"decision": "approve"})
    assert (refused.status, "the release goes wrong" in refused.html) == (400, True)
    assert run.question()["decisions"] == []
    switch.go()
    approver.decide(link, "approve")
    assert run.end()["outcome"] == "recovered"


def test_kill_switch_pulled_after_the_approval_stops_the_fix(sandbox: Sandbox, world: World, switch: Switch) -> None:
    run = ask(sandbox, world)
    before = _rules(sandbox)
    table = incidents(sandbox, SERVICE.name)
    table.update(f"target#{SERVICE.name}", "lock", {"holder": "another", "until": int(time.time()) + 60})
    approver.decide(run.links(AMEL)[0], "approve")
    world.wait_until(lambda: run.question()["told"], SECONDS)
    switch("not now")
    table.update(f"target#{SERVICE.name}", "lock", {"holder": "", "until": 0})
    assert run.end()["outcome"] == "refused"
    assert _rules(sandbox) == before
    assert any(" a refusé : " in line["text"] and "not now" in line["text"] for line in _timeline(run))


def test_missing_switch_stops(sandbox: Sandbox, world: World, switch: Switch) -> None:
    run = ask(sandbox, world)
    switch.ssm.delete_parameter(Name=EVERYTHING)
    page = approver.decide(run.links(AMEL)[0], "approve")
    assert (page.status, EVERYTHING in page.html) == (400, True)


def test_pulled_switch_starts_nothing_by_itself(sandbox: Sandbox, world: World, switch: Switch) -> None:
    watch = Watch(sandbox)
    switch("maintenance")
    world.break_("closed-port")
    world.wait_until(lambda: _unstarted(sandbox, "maintenance"), SECONDS)
    assert watch.new() == []


def _unstarted(sandbox: Sandbox, why: str) -> bool:
    return why in json.dumps(sandbox.everything_logged())


def test_repairing_too_often_goes_to_people(sandbox: Sandbox, world: World) -> None:
    table = incidents(sandbox, SERVICE.name)
    for number in range(SERVICE.flapping.repairs):
        of = f"earlier-{number}"
        at = "2999-01-01T00:00:00.000+00:00"
        table.create(f"target#{SERVICE.name}", f"repair#{of}", {"of": of, "at": at})
    world.break_("closed-port")
    world.wait_until(lambda: not world.healthy(), SECONDS)
    run = Run.by_hand(sandbox)
    assert run.end()["outcome"] == "flapping"
    assert "Ask for approval" not in run.states
    assert "3 fois" in run.mail(AMEL).body


def _rules(sandbox: Sandbox) -> list[object]:
    group = SERVICE.resources["task_security_group"]
    found = sandbox.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return [one["IpPermissions"] for one in found]


def _timeline(run: Run) -> list[dict[str, str]]:
    return incidents(run.sandbox, SERVICE.name).timeline(run.incident)
