"""An execution that a person stops leaves nothing open, locked or untold; its event does, not the chain."""

from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.world import World
from tests.system.run import SECONDS, SERVICE, Run

AMEL = SERVICE.approval.levels[0].approvers[0]


def stopped(sandbox: Sandbox, run: Run) -> None:
    """Stop the execution as a person in the console would, and wait until it is tidied up after."""
    sandbox.client("stepfunctions").stop_execution(executionArn=run.execution, error="ByHand", cause="wrong service")
    sandbox.world.wait_until(lambda: run.record.get("told"), SECONDS)
    assert (run.record["state"], run.record["outcome"]) == ("closed", "stopped")
    table = incidents(sandbox, SERVICE.name)
    assert (table.get(f"target#{SERVICE.name}", "lock") or {"holder": ""})["holder"] != run.incident
    for to in SERVICE.approvers:
        mail = run.mails(to)[-1]
        assert ("A besoin de vous" in mail.subject, "ByHand: wrong service" in mail.body) == (True, True)


def test_stopped_while_a_question_is_open(sandbox: Sandbox, world: World) -> None:
    world.break_("closed-port")
    run = Run.by_hand(sandbox)
    run.asked()
    link = run.links(AMEL)[0]
    form = approver.look(link).form
    stopped(sandbox, run)
    assert run.question()["state"] == "withdrawn"
    assert approver.look(link).form == {}
    approver.send(link, form | {"decision": "approve"})
    assert (run.question()["state"], run.question()["decisions"]) == ("withdrawn", [])
    assert not world.healthy()


def test_stopped_between_fix_and_validation(sandbox: Sandbox, world: World) -> None:
    world.break_("closed-port", persistent=True)
    run = Run.by_hand(sandbox)
    run.asked()
    run.decide("approve")
    run.until("Fix open_security_group_port")
    stopped(sandbox, run)
    assert "open_security_group_port" in run.mails(AMEL)[-1].body
    assert not [name for name in run.everything if name.startswith("undo")]
