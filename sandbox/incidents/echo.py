"""Why the bot answers as an echo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import images
from sandbox.bot import ECHO_RELEASE, RELEASE, STUB_RELEASE
from sandbox.entrance import forward, host_is, path_is
from sandbox.incidents.incident import Incident, deploy, update, wait_for

if TYPE_CHECKING:
    from typing import Any

    from sandbox.world import World

RUNBOOK = "bot_echoes"
SHADOW_PRIORITY = "5"
REVOKED_KEY = "sk-revoked"


def rule_elsewhere(world: World) -> None:
    """The webhook's rule forwards to the agent gateway."""
    elbv2, agent = world.aws("elbv2"), world.names.agent_target_group
    for rule in _rules(world):
        ours = rule["Conditions"][0].get("PathPatternConfig", {}).get("Values") == [world.names.webhook_path]
        if ours and rule["Actions"][0].get("TargetGroupArn") != agent:
            elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=[forward(agent)])


def rule_shadowed(world: World) -> None:
    """A rule of higher priority than the webhook's forwards it to the agent gateway."""
    elbv2, action = world.aws("elbv2"), [forward(world.names.agent_target_group)]
    there = next((rule for rule in _rules(world) if rule["Priority"] == SHADOW_PRIORITY), None)
    if there is None:
        elbv2.create_rule(
            ListenerArn=world.builder.entrance.listener(),
            Priority=int(SHADOW_PRIORITY),
            Conditions=[host_is(world.host), path_is(world.names.webhook_path)],
            Actions=action,
        )
    elif there["Actions"][0].get("TargetGroupArn") != world.names.agent_target_group:
        elbv2.modify_rule(RuleArn=there["RuleArn"], Actions=action)


def old_version(world: World) -> None:
    """The service was put back to an image from before the bot asked OpenAI anything."""
    deploy(world, ECHO_RELEASE)


def key_missing(world: World) -> None:
    """A revision of the task definition without OpenAI's key was deployed."""
    deploy(world, RELEASE, without="OPENAI_API_KEY")


def key_refused(world: World) -> None:
    """The secret holds a key that OpenAI has revoked; the tasks were started with it."""
    secrets, secret = world.aws("secretsmanager"), world.names.openai_reference
    if secrets.get_secret_value(SecretId=secret)["SecretString"] != REVOKED_KEY:
        secrets.put_secret_value(SecretId=secret, SecretString=REVOKED_KEY)
        update(world, forceNewDeployment=True)
        wait_for(world, "COMPLETED")


def code_not_in_image(world: World) -> None:
    """The newest image was built without the code that asks OpenAI, and deployed."""
    if images.newest(world.names.repository).commit != STUB_RELEASE:
        world.builder.push(STUB_RELEASE)
    deploy(world, STUB_RELEASE)


def _rules(world: World) -> list[dict[str, Any]]:
    found = world.aws("elbv2").describe_rules(ListenerArn=world.builder.entrance.listener())["Rules"]
    return [rule for rule in found if not rule["IsDefault"]]


INCIDENTS = (
    Incident(
        "rule-elsewhere",
        "The webhook's rule forwards to the agent gateway",
        rule_elsewhere,
        "point_rule_at_target_group",
        runbook=RUNBOOK,
    ),
    Incident(
        "rule-shadowed",
        "Another rule catches the webhook before its own",
        rule_shadowed,
        "point_rule_at_target_group",
        runbook=RUNBOOK,
    ),
    Incident("old-version", "An image from before OpenAI is deployed", old_version, "deploy_image", runbook=RUNBOOK),
    Incident("key-missing", "OPENAI_API_KEY is not set", key_missing, "reference_secret", runbook=RUNBOOK),
    Incident("key-refused", "OpenAI refuses the key", key_refused, runbook=RUNBOOK),
    Incident("code-not-in-image", "The newest image knows no OpenAI", code_not_in_image, runbook=RUNBOOK),
)
