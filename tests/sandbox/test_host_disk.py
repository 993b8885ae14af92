"""The disk of a host: what fills it, what frees it, and what a wrong command loses."""

import json
from collections.abc import Callable, Iterator

import pytest

from sandbox.harena import PASSWORD, USER, Harena
from sandbox.harena_files import LOGIN
from tests.sandbox.on_host import output, run
from tests.sandbox.support import until

pytest_plugins = ["tests.sandbox.harena_fixture"]

LOG_IN = f"curl -s -o /dev/null -w '%{{http_code}}' -F username={USER} -F password={PASSWORD} localhost:3000{LOGIN}"
STOPPED = "docker container prune -f && docker image prune -f"
IMAGES = "docker image prune -a -f"
CACHE = "docker builder prune -f"
LOGS = 'for log in /var/lib/docker/containers/*/*-json.log; do truncate -s 0 -- "$log"; done'
BREAKS: dict[str, Callable[[Harena], None]] = {
    "builds": Harena.break_disk_by_builds,
    "releases": Harena.break_disk_by_releases,
    "cache": Harena.break_disk_by_cache,
    "logs": Harena.break_disk_by_logs,
}


@pytest.fixture
def modern(harena: Harena) -> Iterator[Harena]:
    """The system, with the docker it has; afterwards too."""
    version = harena.engine.version
    yield harena
    harena.engine.version = version


def used(harena: Harena) -> int:
    return int(output(harena, "df -B1 --output=pcent / | tail -n 1").strip().rstrip("%"))


@pytest.mark.parametrize(
    ("filled", "freed_by"),
    [("builds", {STOPPED, IMAGES}), ("releases", {IMAGES}), ("cache", {CACHE}), ("logs", {LOGS})],
)
def test_each_filling_is_freed_by_its_own_remedy_only(harena: Harena, filled: str, freed_by: set[str]) -> None:
    BREAKS[filled](harena)
    assert used(harena) > 90
    for remedy in [one for one in (STOPPED, LOGS, CACHE, IMAGES) if one not in freed_by]:
        output(harena, remedy)
        assert used(harena) > 85, remedy
    output(harena, next(one for one in (STOPPED, LOGS, CACHE, IMAGES) if one in freed_by))
    assert used(harena) < 60
    until(harena.healthy)


def test_images_in_use_are_never_pruned(harena: Harena) -> None:
    before = output(harena, "docker image ls -q --no-trunc | sort")
    output(harena, IMAGES)
    assert output(harena, "docker image ls -q --no-trunc | sort") == before


def test_usage_as_docker_and_du_tell_it(harena: Harena) -> None:
    harena.break_disk_by_logs()
    rows = {row["Type"]: row for row in map(json.loads, output(harena, "docker system df --format json").splitlines())}
    assert set(rows) == {"Images", "Containers", "Local Volumes", "Build Cache"}
    assert (rows["Images"]["Active"], rows["Local Volumes"]["TotalCount"]) == ("7", "2")
    assert int(output(harena, "du -s -B1 /var/lib/docker/containers").split()[0]) > 10**10
    total, free = map(int, output(harena, "df -B1 --output=size,avail / | tail -n 1").split())
    assert output(harena, "df -B1 --output=target -- / . | grep -c '^/$'") == "2\n"
    assert output(harena, "df -B1 --output=target,size / | tail -n 1").startswith("/ ")
    assert run(harena, "df /home/nobody-knows").code == 1
    assert (total, free) == (harena.host.machine.disk_size, harena.host.machine.disk_free())


def test_truncated_log_is_written_on(harena: Harena) -> None:
    harena.break_disk_by_logs("search_service")
    assert " | " in output(harena, "compose logs --tail 1 search_service")
    output(harena, LOGS)
    until(lambda: "200" in output(harena, "compose logs --tail 1 search_service"))
    assert harena.container("search_service").log_file.stat().st_size < 10**6


def test_full_disk_stops_builds_and_the_database(harena: Harena) -> None:
    harena.engine.images.keep("everything", harena.host.machine.disk_free())
    build = run(harena, "compose build --no-cache user_service")
    assert (build.code, "no space left on device" in build.error) == (17, True)
    until(lambda: harena.container("postgres").health == "unhealthy")
    assert output(harena, LOG_IN) == "500"
    output(harena, CACHE)
    until(harena.healthy)
    assert output(harena, LOG_IN) == "200"


def test_pruning_volumes_loses_those_that_no_container_has(harena: Harena) -> None:
    volume = next(iter(harena.container("redis").volumes.values()))
    (harena.engine.data(volume) / "dump.rdb").write_text("sessions")
    output(harena, "docker volume prune -f")
    assert (harena.engine.data(volume) / "dump.rdb").exists()
    output(harena, "compose stop redis; docker system prune -a -f --volumes")
    assert not harena.engine.data(volume).exists()


def test_older_docker_prunes_the_database_too(modern: Harena) -> None:
    modern.engine.version = "20.10.25"
    output(modern, "compose stop postgres; docker system prune -a -f --volumes")
    output(modern, "compose up -d postgres")
    until(lambda: modern.container("postgres").health == "unhealthy")
    assert output(modern, LOG_IN) == "500"
    assert "a new cluster was created" in output(modern, "compose logs postgres")


def test_newer_docker_keeps_named_volumes_unless_asked_for_all(harena: Harena) -> None:
    output(harena, "compose rm --stop --force postgres; docker system prune -a -f --volumes; compose up -d postgres")
    until(harena.healthy)
    assert output(harena, LOG_IN) == "200"
    output(harena, "compose rm --stop --force postgres; docker volume prune -a -f; compose up -d postgres")
    until(lambda: harena.container("postgres").health == "unhealthy")
    assert output(harena, LOG_IN) == "500"


def test_recreating_keeps_named_and_anonymous_volumes(harena: Harena) -> None:
    before = {name: dict(harena.container(name).volumes) for name in ("postgres", "redis")}
    output(harena, "compose up -d --force-recreate postgres redis")
    assert {name: dict(harena.container(name).volumes) for name in ("postgres", "redis")} == before
    until(harena.healthy)


def test_volume_in_use_is_not_removed(harena: Harena) -> None:
    assert "volume is in use" in run(harena, "docker volume rm harena_postgres_data").error
    output(harena, "compose down")
    assert output(harena, "docker volume ls -q | grep -c postgres") == "1\n"
    output(harena, "compose down --volumes")
    assert run(harena, "docker volume ls -q | grep -c postgres").output == "0\n"
