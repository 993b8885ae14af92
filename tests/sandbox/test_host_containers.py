"""Containers of a host: what docker says of them, who reaches them, what mends them, what does not."""

import json
import time
from typing import Any

import pytest

from sandbox.harena import PASSWORD, RELEASE, USER, Harena
from sandbox.harena_files import ENDPOINTS, LOGIN, SERVICES
from sandbox.host.container import duration
from sandbox.host.engine import EVERYWHERE
from sandbox.host.process import get
from sandbox.network import INTERNET, Network
from tests.sandbox.on_host import output, run
from tests.sandbox.support import until

pytest_plugins = ["tests.sandbox.harena_fixture"]

LOG_IN = f"curl -s -o /dev/null -w '%{{http_code}}' -F username={USER} -F password={PASSWORD} localhost:3000{LOGIN}"


def listed(harena: Harena) -> dict[str, dict[str, Any]]:
    lines = output(harena, "compose ps --all --format json").splitlines()
    return {one["Service"]: one for one in map(json.loads, lines)}


def health(harena: Harena, service: str) -> str:
    return harena.container(service).health


def outside(harena: Harena, service: str) -> int | None:
    answer = get(harena.host.reach(SERVICES[service].port), SERVICES[service].health, 2)
    return answer[0] if answer else None


def inside(harena: Harena, service: str) -> str:
    path = f"localhost:{SERVICES[service].port}{SERVICES[service].health}"
    return run(harena, f"curl -s -o /dev/null --max-time 1 -w '%{{http_code}}' {path}").output


def test_seven_healthy_containers_as_compose_lists_them(started_harena: Harena) -> None:
    found = listed(started_harena)
    assert len(found) == 7
    assert {(one["State"], one["Health"], one["ExitCode"]) for one in found.values()} == {("running", "healthy", 0)}
    one = found["conversation_service_v3"]
    assert (one["Name"], one["Project"]) == ("harena_conversation_v3_prod", "harena")
    everywhere = {"URL": EVERYWHERE, "TargetPort": 3008, "PublishedPort": 3008, "Protocol": "tcp"}
    assert everywhere in one["Publishers"]
    assert output(started_harena, "docker ps | grep -c healthy") == "7\n"
    assert output(started_harena, "docker ps --filter health=unhealthy -q") == ""


def test_configuration_as_compose_shows_it(started_harena: Harena) -> None:
    found = json.loads(output(started_harena, "compose config --format json"))
    service = found["services"]["user_service"]
    assert service["ports"] == [{"mode": "ingress", "target": 3000, "published": "3000", "protocol": "tcp"}]
    assert service["build"]["context"] == "/home/ec2-user/harena/user_service"
    assert "not-for-findings" in service["environment"]["DATABASE_URL"]


def test_endpoints_and_log_in_answer(started_harena: Harena) -> None:
    for endpoint in ENDPOINTS:
        script = f"curl -s -w ' %{{http_code}} %{{time_total}}' http://localhost:{endpoint}"
        assert '"healthy"} 200 0.' in output(started_harena, script)
    assert output(started_harena, LOG_IN) == "200"
    assert output(started_harena, LOG_IN.replace(PASSWORD, "wrong")) == "401"


@pytest.mark.parametrize("address", ["http://localhost:22", "http://example.com", "http://169.254.169.254/latest"])
def test_nothing_else_is_reached_from_a_script(started_harena: Harena, address: str) -> None:
    assert run(started_harena, f"curl -s {address}").code == 7


@pytest.mark.parametrize("program", ["python3", "jq", "docker-compose", "ssh"])
def test_only_what_the_machine_has_is_found(started_harena: Harena, program: str) -> None:
    assert run(started_harena, program).code == 127


def test_unknown_option_fails_loudly(started_harena: Harena) -> None:
    assert run(started_harena, "docker ps --no-such").code == 125
    assert run(started_harena, "compose restart no_such_service").error.startswith("no such service: no_such_service")


def test_port_bound_to_loopback_is_mended_by_recreating_only(harena: Harena) -> None:
    harena.break_ports("user_service")
    until(lambda: inside(harena, "user_service") == "200")
    assert outside(harena, "user_service") is None
    assert listed(harena)["user_service"]["Publishers"][0]["URL"] == "127.0.0.1"
    output(harena, "compose restart user_service")
    assert outside(harena, "user_service") is None
    output(harena, "compose rm --stop --force user_service; compose build user_service; compose up -d user_service")
    until(lambda: outside(harena, "user_service") == 200)


def test_published_to_all_is_reached_in_the_network(harena: Harena) -> None:
    network = Network()
    harena.host.join(network)
    until(lambda: connects(network, harena, 3000))
    assert not connects(network, harena, 5432)
    harena.break_ports("user_service")
    until(lambda: not connects(network, harena, 3000))


def connects(network: Network, harena: Harena, port: int) -> bool:
    try:
        network.connect(INTERNET, harena.host.address, port, 2).close()
    except ConnectionRefusedError:
        return False
    return True


def test_service_down_is_started_again(harena: Harena) -> None:
    harena.break_down("search_service")
    found = listed(harena)["search_service"]
    assert (found["State"], found["ExitCode"], found["Publishers"]) == ("exited", 1, [])
    assert inside(harena, "search_service") == "000"
    assert "search_service" not in output(harena, "compose ps --services")
    output(harena, "compose restart search_service")
    until(harena.healthy)


def test_hanging_service_is_mended_by_a_restart(harena: Harena) -> None:
    harena.break_hanging("metric_service")
    assert inside(harena, "metric_service") == "000"
    assert listed(harena)["metric_service"]["Status"].endswith("(unhealthy)")
    output(harena, "compose up -d metric_service")  # its configuration is the same: nothing happens
    assert health(harena, "metric_service") == "unhealthy"
    output(harena, "compose restart metric_service")
    until(harena.healthy)


def test_bad_image_is_mended_by_a_rebuild_not_by_a_restart(harena: Harena) -> None:
    harena.break_image("conversation_service_v3")
    output(harena, "compose restart conversation_service_v3")
    until(lambda: health(harena, "conversation_service_v3") == "unhealthy")
    assert output(harena, "git status --porcelain") == ""
    output(harena, "compose build conversation_service_v3; compose up -d conversation_service_v3")
    until(harena.healthy)


def test_errors_are_counted_in_the_logs(harena: Harena) -> None:
    harena.break_quiet(120)
    count = "compose logs --no-color --since 60m budget_service | grep -ci error"
    assert int(output(harena, count)) == 120
    assert run(harena, count.replace("budget", "search")).output == "0\n"
    time.sleep(1.1)
    assert run(harena, count.replace("60m", "1m")).output == "0\n"


def test_broken_deploy_and_the_way_back(harena: Harena) -> None:
    image = output(harena, "docker inspect --format '{{.Image}}' harena_conversation_v3_prod").strip()
    commit = harena.break_next_deploy("conversation_service_v3")
    output(harena, "git pull -q --ff-only; compose build conversation_service_v3 && compose up -d")
    assert harena.repository.head() == commit
    until(lambda: harena.container("conversation_service_v3").restarts > 1)
    found = listed(harena)["conversation_service_v3"]
    assert (found["State"], found["ExitCode"]) == ("restarting", 1)
    assert "langchain_core" in output(harena, "compose logs --tail 5 conversation_service_v3")
    output(harena, f"git checkout -q {RELEASE}; docker tag {image} harena-conversation_service_v3; compose up -d")
    until(harena.healthy)


def test_rebuild_takes_its_time_and_ends_with_its_caller(harena: Harena) -> None:
    before = set(harena.engine.images.all)
    begun = time.monotonic()
    ended = run(harena, "compose build --no-cache user_service", seconds=1.0)
    assert (ended.how, ended.code) == ("timed-out", 137)
    time.sleep(4.0)
    assert set(harena.engine.images.all) == before
    begun = time.monotonic()
    output(harena, "compose build --no-cache user_service")
    assert 4.0 <= time.monotonic() - begun < 8.0
    assert len(set(harena.engine.images.all) - before) == 1


def test_nothing_is_recreated_where_nothing_changed(harena: Harena) -> None:
    before = output(harena, "docker ps -q --no-trunc")
    output(harena, "compose build; compose up -d")
    assert output(harena, "docker ps -q --no-trunc") == before


def test_port_that_is_taken_is_refused(harena: Harena) -> None:
    script = "sed 's/3001:3001/3000:3001/' docker-compose.prod.yml > other.yml; docker compose -f other.yml up -d"
    assert "Bind for 0.0.0.0:3000 failed: port is already allocated" in run(harena, script).error


def test_silent_docker_lets_callers_wait_and_containers_run(harena: Harena) -> None:
    harena.break_docker()
    assert run(harena, "timeout 10 docker version").code == 124
    assert inside(harena, "user_service") == "200"
    output(harena, "systemctl restart docker")
    output(harena, "timeout 10 docker version")
    until(harena.healthy)


def test_reboot_ends_scripts_and_starts_what_nobody_stopped(harena: Harena) -> None:
    harena.break_system_memory()
    harena.break_down("search_service")
    ended = harena.host.execute("reboot; sleep 600; touch /tmp/went-on", {}, 30.0, lambda: False)
    assert (ended.how, harena.host.agent) == ("interrupted", "gone")
    until(lambda: harena.host.agent == "running")
    until(lambda: health(harena, "user_service") == "healthy")
    assert harena.container("search_service").state == "exited"
    assert float(output(harena, "cut -d' ' -f1 /proc/uptime")) < 86_400
    assert harena.host.machine.memory_available() > harena.host.machine.memory_size // 2
    assert not (harena.host.root / "tmp" / "went-on").exists()


def test_exit_code_194_reboots_and_runs_the_script_again(harena: Harena) -> None:
    script = "[ -e /var/log/rebooted ] && { echo back; exit 0; }; touch /var/log/rebooted; exit 194"
    assert harena.host.machine.uptime > 600_000
    assert harena.host.execute(script, {}, 30.0, lambda: False).output == "back\n"
    assert harena.host.machine.uptime < 86_400


def available(harena: Harena) -> int:
    return int(output(harena, "sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"))


def test_memory_of_a_service_is_freed_by_its_restart(harena: Harena) -> None:
    harena.break_memory("metric_service")
    assert available(harena) * 1024 < harena.host.machine.memory_size * 0.06
    rows = map(json.loads, output(harena, "docker stats --no-stream --format json").splitlines())
    greedy = max(rows, key=lambda row: float(row["MemPerc"].rstrip("%")))
    assert greedy["Name"] == "harena_metric_prod"
    output(harena, "docker system prune -f")
    assert available(harena) * 1024 < harena.host.machine.memory_size * 0.06
    output(harena, "compose restart metric_service")
    until(harena.healthy)


def test_memory_of_the_system_is_not_freed_by_restarts(harena: Harena) -> None:
    harena.break_system_memory()
    output(harena, "compose restart")
    assert available(harena) * 1024 < harena.host.machine.memory_size * 0.06


def test_memory_that_is_not_there_kills_the_greediest(harena: Harena) -> None:
    process = harena.container("metric_service").process
    assert process
    process.memory = harena.host.machine.memory_size
    until(lambda: harena.container("metric_service").restarts == 1)
    until(harena.healthy)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1m30s", 90), ("2h", 7200), ("500ms", 0.5), ("15", 15)])
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds
