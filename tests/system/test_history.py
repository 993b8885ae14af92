"""The history of incidents: in the execution's output, behind the page's link, and by command."""

import subprocess
import sys
from pathlib import Path

from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.world import World
from tests.functions import parsed
from tests.system.run import SECONDS, SERVICE, Run

ROOT = Path(__file__).parents[2]


def test_a_closed_incident_is_the_same_entry_wherever_people_get_it(sandbox: Sandbox, world: World) -> None:
    with world.alarms.paused():  # so that none starts another incident
        world.break_("closed-port")
        world.wait_until(lambda: not world.healthy(), SECONDS)
        run = Run.by_hand(sandbox)
        run.asked()
        link = run.links(SERVICE.approval.levels[0].approvers[0])[0]
        assert approver.look(f"{link}?as=markdown").status == 404
        run.decide("approve")
        entry = run.end()["history"]
    assert "\n**Solution :** rétabli\n" in entry
    assert run.plan.steps[0].effect in entry
    assert [one.tag for one in parsed.structure(entry) if one.kind == "heading_open"] == ["h3"]
    page = approver.look(link)
    assert 'href="?as=markdown"' in page.html
    shown = approver.look(f"{link}?as=markdown")
    assert (shown.status, shown.html) == (200, entry)
    assert shown.headers["content-type"] == "text/markdown; charset=utf-8"
    kept = ("x-content-type-options", "cache-control", "referrer-policy", "content-security-policy")
    assert [shown.headers[name] for name in kept] == [page.headers[name] for name in kept]
    command = [sys.executable, "-m", "cli.history", SERVICE.name]
    printed = subprocess.run(command, cwd=ROOT, env=sandbox.environment, capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("## Historique des incidents")
    assert entry in printed.stdout
