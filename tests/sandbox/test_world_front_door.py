"""The load balancer and the network: routing, its own errors, TLS, security groups."""

import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from botocore.exceptions import ClientError

from sandbox.bot import RELEASE
from sandbox.listener_rules import action_for, redirect, target_group
from sandbox.patches.elbv2 import targets_of
from sandbox.targets import backend, matches
from sandbox.traffic import HttpsClient
from sandbox.untyped import Model
from sandbox.world import World

pytest_plugins = ["tests.sandbox.world_fixture"]


def get(world: World, path: str) -> tuple[int, bytes]:
    return world.client.request("GET", f"https://{world.host}{path}")


def listener_of(world: World) -> Model:
    """Return the HTTPS listener."""
    (listener,) = backend().load_balancers[world.names.load_balancer].listeners.values()
    return listener


@pytest.fixture
def target(world: World) -> tuple[str, int]:
    """The task's address, not probed any more: what happens to requests before a probe notices."""
    (found,) = targets_of(backend().target_groups[world.names.target_group]).values()
    found.due = time.monotonic() + 60
    return found.address, found.port


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_routes_by_the_listener_rules(started_world: World) -> None:
    assert get(started_world, "/health") == (200, b'{"status": "ok"}')
    assert json.loads(get(started_world, "/_meta")[1]) == {
        "service": "ganopa-bot",
        "version": RELEASE,
        "build_id": RELEASE[:7],
    }
    assert get(started_world, "/telegram/webhook")[0] == 405
    assert get(started_world, "/admin") == (404, b"Not Found")


def test_a_changed_rule_counts_at_once(started_world: World) -> None:
    elbv2, arn = started_world.aws("elbv2"), started_world.names.load_balancer
    listener = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]["ListenerArn"]
    gone = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "410", "ContentType": "text/plain"}}
    rule = elbv2.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "host-header", "Values": ["api.*"]}],
        Actions=[gone],
    )["Rules"][0]["RuleArn"]
    assert get(started_world, "/health")[0] == 410
    elbv2.delete_rule(RuleArn=rule)
    assert get(started_world, "/health")[0] == 200


def test_certificate_is_verified(started_world: World, tmp_path: Path) -> None:
    other = str(tmp_path / "other.pem")
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        HttpsClient(started_world.outside.proxy.port, other).request("GET", started_world.names.health_url)


def test_502_where_the_target_refuses(world: World, target: tuple[str, int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    world.network.listen(*target, port)
    status, page = get(world, "/health")
    assert (status, b"502 Bad Gateway" in page) == (502, True)


def test_504_where_the_target_is_silent(world: World, target: tuple[str, int], silent: int) -> None:
    world.network.listen(*target, silent)
    assert get(world, "/health")[0] == 504


@pytest.mark.usefixtures("target")
def test_504_where_a_security_group_drops(world: World) -> None:
    world.break_("closed-port")
    assert get(world, "/health")[0] == 504


def test_proxy_knows_no_other_host(started_world: World) -> None:
    with pytest.raises(OSError, match="502"):
        started_world.client.request("GET", "https://example.com/")


def test_closed_public_port_times_out(world: World) -> None:
    world.break_("public-port-closed")
    with pytest.raises(OSError, match="504"):
        get(world, "/health")


def test_ports_of_one_address_are_two_targets(world: World) -> None:
    elbv2, arn = world.aws("elbv2"), world.names.target_group
    known = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["Target"]
    second = {"Id": known["Id"], "Port": 9000}
    elbv2.register_targets(TargetGroupArn=arn, Targets=[second])

    def states() -> dict[int, str]:
        found = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {entry["Target"]["Port"]: entry["TargetHealth"]["State"] for entry in found}

    assert states() == {8000: "healthy", 9000: "initial"}
    world.wait_until(lambda: states() == {8000: "healthy", 9000: "unhealthy"}, 5)
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[second])
    assert states() == {8000: "healthy", 9000: "draining"}
    world.wait_until(lambda: states() == {8000: "healthy"}, 5)
    with pytest.raises(ClientError, match="InvalidTarget"):
        elbv2.deregister_targets(TargetGroupArn=arn, Targets=[second])


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200-399", 302, True),
        ("200,404", 404, True),
        ("200,300-302", 303, False),
    ],
)
def test_matcher(matcher: str, status: int, *, expected: bool) -> None:
    assert matches(matcher, status) is expected


def test_other_hosts_and_paths_go_to_the_agent_gateway_or_are_redirected(started_world: World) -> None:
    listener = listener_of(started_world)
    names = started_world.names
    assert json.loads(get(started_world, "/agent/tasks")[1])["service"] == "agent_gateway"
    assert target_group(action_for(listener, "AGENT.maisonganopa.com", "/"), 0) == names.agent_target_group
    moved = action_for(listener, "maisonganopa.com", "/a")
    assert redirect(moved, "maisonganopa.com", "/a?b=1") == (301, "https://www.maisonganopa.com/a?b=1")
    assert target_group(action_for(listener, started_world.host, "/health"), 0) == names.target_group


def test_weights_share_the_requests() -> None:
    groups = [
        {"TargetGroupArn": "a", "Weight": 3},
        {"TargetGroupArn": "b", "Weight": 1},
        {"TargetGroupArn": "c", "Weight": 0},
    ]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    assert Counter(target_group(action, turn) for turn in range(8)) == {"a": 6, "b": 2}


def test_rules_are_restored_with_their_arns(world: World) -> None:
    elbv2, listener = world.aws("elbv2"), world.builder.entrance.listener()

    def rules() -> dict[str, str]:
        return {rule["RuleArn"]: rule["Priority"] for rule in elbv2.describe_rules(ListenerArn=listener)["Rules"]}

    before = rules()
    world.break_("rule-elsewhere+rule-shadowed")
    assert len(rules()) == len(before) + 1
    world.heal()
    assert rules() == before
