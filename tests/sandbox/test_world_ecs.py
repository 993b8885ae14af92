"""ECS as on AWS: what its API refuses and lists, what its scheduler does, which events it sends."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.bot import RELEASE
from sandbox.incidents import MISSING_RELEASE
from sandbox.untyped import Model
from sandbox.world import World
from tests.sandbox.looking import rollout, service, tasks

pytest_plugins = ["tests.sandbox.world_fixture"]

SECONDS = 10.0


def ids(world: World) -> dict[str, str]:
    return {"cluster": world.names.cluster, "service": world.names.ecs_service}


def code(error: Model) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_running_task_is_described_as_on_aws(started_world: World) -> None:
    (task,) = tasks(started_world)
    assert (task["lastStatus"], task["desiredStatus"], task["launchType"]) == ("RUNNING", "RUNNING", "FARGATE")
    assert task["group"] == f"service:{started_world.names.ecs_service}"
    assert task["startedBy"] == service(started_world)["deployments"][0]["id"]
    details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
    assert details["subnetId"] == started_world.names.subnets[0]
    assert details["privateIPv4Address"].startswith("10.40.1.")
    assert "exitCode" not in task["containers"][0]
    for _ in range(20):  # looking does not stop it
        assert tasks(started_world)[0]["lastStatus"] == "RUNNING"


def test_service_is_described_as_on_aws(started_world: World) -> None:
    found = service(started_world)
    assert found["taskDefinition"].endswith(f":task-definition/{started_world.names.task_definition}:1")
    assert (found["runningCount"], found["pendingCount"], found["desiredCount"]) == (1, 0, 1)
    assert found["loadBalancers"] == started_world.builder.attachment()
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": False}
    (deployment,) = found["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
    said = [event["message"] for event in found["events"]]
    assert said[0] == f"(service {started_world.names.ecs_service}) has reached a steady state."
    registered = f"registered 1 targets in (target-group {started_world.names.target_group})"
    assert f"(service {started_world.names.ecs_service}) {registered}" in said


def test_inactive_service_refuses_updates_and_can_be_created_again(world: World) -> None:
    world.break_("inactive")
    with pytest.raises(ClientError) as refused:
        world.aws("ecs").update_service(**ids(world), desiredCount=1)
    assert code(refused) == ("ServiceNotActiveException", "Service was not ACTIVE.")
    assert world.aws("ecs").list_services(cluster=world.names.cluster)["serviceArns"] == []
    world.builder.create_service()
    world.wait_until(world.healthy, SECONDS)


def test_missing_and_duplicate_services_are_refused(started_world: World) -> None:
    with pytest.raises(ClientError) as missing:
        started_world.aws("ecs").update_service(cluster=started_world.names.cluster, service="other", desiredCount=1)
    assert code(missing) == ("ServiceNotFoundException", "Service not found.")
    with pytest.raises(ClientError) as duplicate:
        started_world.builder.create_service()
    assert code(duplicate) == ("InvalidParameterException", "Creation of service was not idempotent.")


def test_unknown_target_group_and_container_are_refused(started_world: World) -> None:
    entry = started_world.builder.attachment()[0]
    for wrong, text in (
        ({"targetGroupArn": f"{entry['targetGroupArn']}0"}, "does not exist."),
        ({"containerName": "other"}, "The container other does not exist in the task definition."),
    ):
        with pytest.raises(ClientError) as refused:
            started_world.aws("ecs").update_service(**ids(started_world), loadBalancers=[{**entry, **wrong}])
        assert code(refused)[0] == "InvalidParameterException"
        assert code(refused)[1].endswith(text)


def test_update_without_a_change_deploys_nothing(started_world: World) -> None:
    before = service(started_world)["deployments"][0]["id"]
    attachment = started_world.builder.attachment()
    started_world.aws("ecs").update_service(
        **ids(started_world), desiredCount=1, loadBalancers=attachment, taskDefinition="ganopa-bot"
    )
    assert [deployment["id"] for deployment in service(started_world)["deployments"]] == [before]


def test_stopped_task_is_replaced_and_stays_listed(world: World) -> None:
    (task,) = tasks(world)
    world.aws("ecs").stop_task(cluster=world.names.cluster, task=task["taskArn"], reason="operator")
    world.wait_until(lambda: [one["taskArn"] for one in tasks(world)] not in ([], [task["taskArn"]]), SECONDS)
    world.wait_until(world.healthy, SECONDS)
    (stopped,) = tasks(world, "STOPPED")
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "operator")
    assert (stopped["lastStatus"], stopped["containers"][0]["exitCode"]) == ("STOPPED", 0)


def test_stopped_tasks_come_in_pages(world: World) -> None:
    world.break_("crash")
    world.wait_until(lambda: rollout(world) == "FAILED", SECONDS)
    listing = {"cluster": world.names.cluster, "serviceName": world.names.ecs_service, "desiredStatus": "STOPPED"}
    first = world.aws("ecs").list_tasks(**listing, maxResults=2)
    rest = world.aws("ecs").list_tasks(**listing, maxResults=2, nextToken=first["nextToken"])
    assert len(first["taskArns"]) == len(rest["taskArns"]) == 2  # three that crashed, one that they replaced
    assert "nextToken" not in rest


def test_circuit_breaker_starts_no_more_tasks(world: World) -> None:
    world.break_("image-missing")
    before = len(tasks(world, "STOPPED"))
    time.sleep(0.6)
    assert len(tasks(world, "STOPPED")) == before == 4
    deployment = service(world)["deployments"][0]
    assert deployment["failedTasks"] == 3
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    said = [event["message"] for event in service(world)["events"]]
    assert any("is unable to consistently start tasks successfully. For more information" in text for text in said)
    assert said[0].endswith("deployment failed: tasks failed to start.")


def test_rolling_deployment_never_drops_a_request(world: World) -> None:
    rolling = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    definition = world.builder.register(RELEASE, STAGE="dev")
    world.aws("ecs").update_service(**ids(world), taskDefinition=definition, deploymentConfiguration=rolling)
    deadline = time.monotonic() + SECONDS
    while rollout(world) != "COMPLETED":
        assert world.client.request("GET", world.names.health_url)[0] == 200
        assert time.monotonic() < deadline, world.describe()
    assert [task["taskDefinitionArn"] for task in tasks(world)] == [definition]


def test_task_that_stays_unhealthy_is_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.scheduler, "unhealthy_seconds", 20.0)
    world.break_("wrong-health-path")
    world.wait_until(lambda: tasks(world, "STOPPED"), SECONDS)
    reason = f"Task failed ELB health checks in (target-group {world.names.target_group})"
    assert {task["stoppedReason"] for task in tasks(world, "STOPPED")} == {reason}
    said = " ".join(event["message"] for event in service(world)["events"])
    assert "due to (reason Health checks failed with these codes: [404])" in said
    assert rollout(world) == "COMPLETED"


def test_events_have_the_shape_of_aws(world: World) -> None:
    logs, group = world.aws("logs"), "/aws/events/ecs"
    logs.create_log_group(logGroupName=group)
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["arn"]
    world.aws("events").put_rule(Name="ecs", EventPattern=json.dumps({"source": ["aws.ecs"]}))
    world.aws("events").put_targets(Rule="ecs", Targets=[{"Id": "log", "Arn": arn}])

    def received() -> list[dict[str, Any]]:
        return [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=group)["events"]]

    def failed() -> list[dict[str, Any]]:
        return [event for event in received() if event["detail-type"] == "ECS Deployment State Change"]

    world.break_("image-missing")
    world.wait_until(failed, SECONDS)
    (event,) = failed()
    world.aws("events").remove_targets(Rule="ecs", Ids=["log"])
    assert event["resources"] == [service(world)["serviceArn"]]
    assert (event["detail"]["eventType"], event["detail"]["eventName"]) == ("ERROR", "SERVICE_DEPLOYMENT_FAILED")
    task = next(event["detail"] for event in received() if event["detail"].get("stopCode") == "TaskFailedToStart")
    image = world.builder.image(MISSING_RELEASE)
    assert (task["lastStatus"], task["desiredStatus"]) == ("STOPPED", "STOPPED")
    assert task["group"] == f"service:{world.names.ecs_service}"
    assert task["clusterArn"].endswith(f":cluster/{world.names.cluster}")
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    assert task["stoppedReason"].endswith(f"failed to resolve ref {image}: {image}: not found")


def test_what_is_not_simulated_fails(started_world: World) -> None:
    with pytest.raises(ClientError, match=r"NotSimulated.*only services run tasks"):
        started_world.aws("ecs").run_task(cluster=started_world.names.cluster, taskDefinition="ganopa-bot")
    with pytest.raises(ClientError, match=r"NotSimulated.*enableExecuteCommand"):
        started_world.aws("ecs").update_service(**ids(started_world), enableExecuteCommand=True)
    with pytest.raises(ClientError, match=r"NotSimulated.*Insights"):
        started_world.aws("logs").start_query(logGroupName="x", startTime=0, endTime=1, queryString="fields @message")
