"""The bot's own behaviour: what it answers and logs, which image it is, and what it is told by secrets."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import images
from sandbox.account import ACCOUNT, REGION
from sandbox.bot import NEXT_RELEASE, PREFIX, RELEASE
from sandbox.clients import client
from sandbox.delivery import role_key
from sandbox.incidents import MISSING_RELEASE
from sandbox.world import World
from tests.sandbox.looking import events, health, logged, rollout, service, tasks, update, version

pytest_plugins = ["tests.sandbox.world_fixture"]

SECONDS = 15.0
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole"
GONE = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ganopa-bot/gone-AbCdEf"


def post(world: World, update_: dict[str, Any]) -> dict[str, Any]:
    """Send one update; return the answer."""
    status, body = world.client.request("POST", world.names.webhook_url, json.dumps(update_).encode())
    assert status == 200
    answer: dict[str, Any] = json.loads(body)
    return answer


def deploy(world: World, **changes: Any) -> None:
    """Deploy a revision whose container differs from the first one's."""
    ecs = world.aws("ecs")
    found = ecs.describe_task_definition(taskDefinition=world.first_revision)["taskDefinition"]
    container = {**found["containerDefinitions"][0], **changes}
    kept = ("family", "networkMode", "cpu", "memory", "executionRoleArn", "requiresCompatibilities")
    given = {name: found[name] for name in kept}
    made = ecs.register_task_definition(**given, containerDefinitions=[container])["taskDefinition"]
    update(world, taskDefinition=made["taskDefinitionArn"])


def key_from(world: World, reference: str) -> None:
    """Deploy a revision that takes OpenAI's key from there."""
    deploy(world, secrets=[{"name": "OPENAI_API_KEY", "valueFrom": reference}])


def stopped(world: World) -> str:
    """Wait until tasks do not start, and return the last one's reason."""
    world.wait_until(lambda: rollout(world) == "FAILED", SECONDS)
    task = tasks(world, "STOPPED")[0]
    assert (task["stopCode"], task["containers"][0]["reason"]) == ("TaskFailedToStart", task["stoppedReason"])
    return str(task["stoppedReason"])


def test_answers_as_a_webhook_reply_and_logs_what_it_asked(started_world: World) -> None:
    answer = post(started_world, {"update_id": 7, "message": {"chat": {"id": 42}, "text": "Bonjour"}})
    assert (answer["method"], answer["chat_id"]) == ("sendMessage", 42)
    assert answer["text"].startswith(PREFIX)
    said = [json.loads(line) for line in logged(started_world).splitlines() if line.startswith("{")]
    assert {line["event"] for line in said} == {"openai_called", "openai_ok"}
    assert "Bonjour" not in logged(started_world)


def test_an_update_without_text_needs_no_answer(started_world: World) -> None:
    assert post(started_world, {"update_id": 8, "edited_message": {}}) == {"ok": True}
    assert post(started_world, {"update_id": 8, "message": {"chat": {"id": 42}, "photo": []}}) == {"ok": True}


def test_container_knows_its_digest(started_world: World) -> None:
    image = images.find(started_world.builder.image(RELEASE))
    assert image is not None
    assert tasks(started_world)[0]["containers"][0]["imageDigest"] == image.digest
    assert images.find(image.name) == image


def test_pushed_images_have_their_own_digests_and_dates(started_world: World) -> None:
    details = started_world.aws("ecr").describe_images(repositoryName=started_world.names.repository)["imageDetails"]
    assert len({one["imageDigest"] for one in details}) == len({one["imagePushedAt"] for one in details}) == 3
    assert max(details, key=lambda one: one["imagePushedAt"])["imageTags"] == [RELEASE]


def test_all_tasks_of_a_deployment_run_the_image_that_its_tag_named_first(world: World) -> None:
    world.builder.push(RELEASE, "latest")
    update(world, taskDefinition=world.builder.register("latest"))
    world.wait_until(world.healthy, SECONDS)
    world.builder.push(NEXT_RELEASE, "latest")
    (task,) = tasks(world)
    world.aws("ecs").stop_task(cluster=world.names.cluster, task=task["taskArn"])
    world.wait_until(lambda: [one["taskArn"] for one in tasks(world)] not in ([], [task["taskArn"]]), SECONDS)
    world.wait_until(lambda: [target["State"] for target in health(world)] == ["healthy"], SECONDS)
    assert version(world) == RELEASE
    update(world, forceNewDeployment=True)
    world.wait_until(world.healthy, SECONDS)
    assert version(world) == NEXT_RELEASE


def test_an_image_can_be_named_by_its_digest(world: World) -> None:
    image = images.find(world.builder.image(RELEASE))
    assert image is not None
    deploy(world, image=image.name)
    world.wait_until(world.healthy, SECONDS)


def test_missing_secret_keeps_the_task_from_starting(world: World) -> None:
    key_from(world, GONE)
    assert f"failed to fetch secret {GONE} from secrets manager: ResourceNotFoundException: " in stopped(world)


def test_secret_that_the_execution_role_may_not_read(world: World) -> None:
    other = world.aws("secretsmanager").create_secret(Name="another", SecretString="x")["ARN"]
    key_from(world, other)
    assert "AccessDeniedException: User: arn:aws:sts::" in stopped(world)
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in stopped(world)


def test_json_key_of_a_secret(world: World) -> None:
    given = json.dumps({"key": "sk-sandbox"})
    secret = world.aws("secretsmanager").create_secret(Name="ganopa-bot/json", SecretString=given)["ARN"]
    key_from(world, f"{secret}:key::")
    world.wait_until(world.healthy, SECONDS)
    key_from(world, f"{secret}:other::")
    assert stopped(world).endswith("did not contain json key other")


def test_parameter_by_arn_and_by_name(world: World) -> None:
    ssm = world.aws("ssm")
    ssm.put_parameter(Name="/ganopa-bot/openai", Value="sk-sandbox", Type="SecureString", Overwrite=True)
    key_from(world, f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/ganopa-bot/openai")
    world.wait_until(world.healthy, SECONDS)
    key_from(world, "/ganopa-bot/gone")
    assert stopped(world).endswith("invalid parameters: /ganopa-bot/gone")


def test_missing_log_group_keeps_new_tasks_from_starting_but_not_old_ones_from_answering(world: World) -> None:
    world.aws("logs").delete_log_group(logGroupName=world.names.log_group)
    assert world.telegram.chat()[1].startswith(PREFIX)
    update(world, forceNewDeployment=True)
    assert "The specified log group does not exist." in stopped(world)


def test_circuit_breaker_rolls_back_to_what_had_completed(world: World) -> None:
    breaker = {
        **service(world)["deploymentConfiguration"],
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    update(world, deploymentConfiguration=breaker, taskDefinition=world.builder.register(MISSING_RELEASE))
    world.wait_until(lambda: any("rolling back to deployment" in text for text in events(world)), SECONDS)
    newest, failed = service(world)["deployments"][:2]
    assert newest["rolloutStateReason"].startswith(
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/"
    )
    assert (newest["taskDefinition"], failed["rolloutState"]) == (world.first_revision, "FAILED")
    world.wait_until(world.healthy, SECONDS)
    assert service(world)["taskDefinition"] == world.first_revision
    assert any("deployment failed: tasks failed to start." in text for text in events(world))


def test_registering_a_role_needs_the_right_to_pass_it(world: World) -> None:
    iam, name = world.aws("iam"), "registrar"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    key = role_key(f"arn:aws:iam::{ACCOUNT}:role/{name}", "test")

    def register(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=name, PolicyName="a", PolicyDocument=json.dumps(policy))
        container = {"name": "a", "image": "a", "memory": 128}
        client("ecs", key).register_task_definition(family="b", containerDefinitions=[container], executionRoleArn=ROLE)

    with pytest.raises(ClientError, match=f"not authorized to perform: iam:PassRole on resource: {ROLE}"):
        register("ecs:RegisterTaskDefinition")
    register("ecs:RegisterTaskDefinition", "iam:PassRole")
