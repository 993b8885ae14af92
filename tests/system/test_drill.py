"""The drill on the deployed template, started as its schedule would: it finds what is stale, and says that it ran."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ecs import ecs_backends

from functions.core.drilled import looks
from sandbox import schedules
from sandbox.account import ACCOUNT, REGION
from sandbox.cloud import Sandbox
from sandbox.harena import Harena
from sandbox.lock import STATE
from sandbox.world import World
from statemachines import load
from statemachines.model import DRILL, Service
from tests.system.run import SERVICE, Run

AMEL, KARIM, LINA = SERVICE.approvers
COUNTED = ("Drill", "Stale")
RUNBOOKS = [load.runbooks()[name] for name in SERVICE.runbooks]


class Drill:
    """One drill that has ended, and what was said about it."""

    def __init__(self, sandbox: Sandbox, service: Service = SERVICE) -> None:
        known, before = sandbox.mailbox.messages(), _counts(sandbox, service.name)
        machine = service.state_machine_name(DRILL)
        self.run = Run(sandbox, schedules.start(machine))
        self.report = self.run.end()
        assert self.report["status"] == "SUCCEEDED", self.report
        self.mails = [mail for mail in sandbox.mailbox.messages()[len(known) :] if machine in mail.body]
        after = _counts(sandbox, service.name)
        self.counted = {name: after[name] - before[name] for name in COUNTED}

    @property
    def only(self) -> dict[str, str]:
        """The one thing that is stale."""
        (one,) = self.report["stale"]
        assert self.counted == {"Drill": 1, "Stale": 1}
        return dict(one)


def test_where_all_is_well_nobody_is_mailed_and_the_metric_says_that_it_ran(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    drill = Drill(sandbox)
    assert (drill.report["stale"], drill.report["unwell"], drill.mails) == ([], [], [])
    assert drill.counted == {"Drill": 1, "Stale": 0}
    assert len(drill.report["seen"]) == len(looks(SERVICE, RUNBOOKS))
    assert "inconnu : le contrôle" not in json.dumps(drill.report, ensure_ascii=False)


def test_of_a_host_where_all_is_well_nothing_is_stale_nor_unknown(sandbox: Sandbox, harena: Harena) -> None:
    assert harena.healthy()
    service = load.services()["harena"]
    drill = Drill(sandbox, service)
    assert (drill.report["stale"], drill.report["unwell"], drill.mails) == ([], [], [])
    assert drill.counted == {"Drill": 1, "Stale": 0}
    assert len(drill.report["seen"]) == len(looks(service, [load.runbooks()[name] for name in service.runbooks]))
    assert "inconnu" not in json.dumps(drill.report, ensure_ascii=False)


def test_of_a_host_whose_agent_is_silent_every_check_is_unknown(sandbox: Sandbox, harena: Harena) -> None:
    harena.break_("agent-dead")
    drill = Drill(sandbox, load.services()["harena"])
    assert len(drill.report["stale"]) == len(drill.report["seen"])


def test_a_renamed_cluster_is_found_once(sandbox: Sandbox, world: World) -> None:
    with _renamed(world.names.cluster):
        drill = Drill(sandbox)
    assert f"le cluster ECS {world.names.cluster} n’existe pas" in drill.only["what"]
    assert drill.only["where"].startswith("resources.cluster, ")
    assert "webhook_unavailable: service, tasks, probe, image, logs" in drill.only["where"]
    assert [mail.to for mail in drill.mails] == list(SERVICE.approvers)
    assert all(drill.only["what"] in mail.body and drill.only["where"] in mail.body for mail in drill.mails)


def test_a_deleted_log_group_is_found_once(sandbox: Sandbox, world: World) -> None:
    sandbox.client("logs").delete_log_group(logGroupName=world.names.log_group)
    drill = Drill(sandbox)
    assert f"le log group {world.names.log_group} n’existe pas" in drill.only["what"]
    assert drill.only["where"].startswith("resources.log_group, ")
    assert [mail.to for mail in drill.mails] == list(SERVICE.approvers)


def test_an_unconfirmed_approver_is_found_and_everybody_else_hears(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    sandbox.unconfirmed.add(LINA)
    try:
        drill = Drill(sandbox)
    finally:
        sandbox.unconfirmed.discard(LINA)
    assert drill.only["what"].startswith(LINA)
    assert all(f"{SERVICE.name}-{topic}" in drill.only["where"] for topic in ("notifications", "operations"))
    assert Counter(mail.to for mail in drill.mails) == {AMEL: 2, KARIM: 2}  # their own, and the operations topic's


@contextmanager
def _renamed(cluster: str) -> Iterator[None]:
    """Let the cluster have another name than the service's file says."""
    clusters: dict[str, Any] = ecs_backends[ACCOUNT][REGION].clusters
    with STATE:
        clusters[f"{cluster}-2"] = clusters.pop(cluster)
    try:
        yield
    finally:
        with STATE:
            clusters[cluster] = clusters.pop(f"{cluster}-2")


def _counts(sandbox: Sandbox, service: str) -> dict[str, float]:
    """Add up what a service's drills have counted until now."""
    return {name: sum(one["Sum"] for one in _day(sandbox, service, name)) for name in COUNTED}


def _day(sandbox: Sandbox, service: str, name: str) -> list[Any]:
    """Return the datapoints of a metric of the last day."""
    found = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace="Runbooks",
        MetricName=name,
        Dimensions=[{"Name": "service", "Value": service}],
        StartTime=datetime.now(UTC) - timedelta(days=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return list(found)
