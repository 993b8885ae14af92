"""What scripts call with which arguments, by the real shells; what they print, and how they end."""

import json
import re
from pathlib import Path

import pytest

from tests.documents.documents import NAMES, Host, document
from tests.documents.test_rules import GOOD

OF = {"file": "docker-compose.prod.yml"}
COMPOSE = ["docker", "compose", "--file", "docker-compose.prod.yml"]
SHELLS = ["bash", "dash"]
HOSTILE = [
    "$(touch hit) `touch hit`",
    "a; touch hit\ntouch hit\n",
    "'; touch hit; '",
    '"; touch hit; "',
    "a[$(touch hit)]",
    "| touch hit && touch hit > hit",
    "* ? [a-z]* --volumes",
    "-x",
]
# Those are no program's arguments
NO_ARGUMENTS = [
    *((name, parameter) for name in NAMES for parameter in ("directory", "megabytes")),
    ("do_rebuild", "commit"),
    ("do_recreate", "commit"),
]
ID = "sha256:" + "ab" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = COMMIT[::-1]
CONFIG = {
    "name": "harena",
    "networks": {"default": {"name": "harena_default", "ipam": {}}},
    "services": {
        "postgres": {
            "command": None,
            "environment": {"POSTGRES_PASSWORD": 'quoted "secret" {in} [braces]: image, "x'},
            "image": "postgres:16",
            "volumes": [{"type": "volume", "source": "data", "target": "/var/lib/postgresql/data", "volume": {}}],
        },
        "user_service": {
            "build": {"context": "/srv", "args": {"image": "no", "ports": ["no"]}},
            "container_name": "harena_user_prod",
            "image": "harena-user:v6",
            "labels": {"image": "no"},
            "ports": [
                {"mode": "ingress", "target": 3000, "published": "3000", "protocol": "tcp"},
                {"mode": "ingress", "host_ip": "127.0.0.1", "target": 9, "published": "9000-9010", "protocol": "udp"},
            ],
            "x-more": {"services": {"a": {"image": "no", "ports": [{"target": 1}]}}},
        },
    },
    "volumes": {"data": {"name": "harena_data"}},
    "x-services": {"a": {"image": "no"}},
}


def given(host: Host, name: str, **values: str) -> dict[str, str]:
    """Return good values for a document's parameters, but for those that are named."""
    good = {parameter: GOOD[parameter][0] for parameter in document(name)["parameters"]}
    return good | ({"directory": str(host.project)} if "directory" in good else {}) | values


@pytest.mark.parametrize(("name", "parameter"), [(name, one) for name in NAMES for one in document(name)["parameters"]])
def test_a_value_is_never_a_shells_text(host: Host, name: str, parameter: str) -> None:
    """Though no pattern were there to refuse it."""
    host.answer("docker", "user_service\n", "--services")
    host.answer("docker", "harena-user:v6\n", "--images")
    host.answer("docker", f"{ID}\n", "ls")
    host.answer("docker", f"{ID}\n", "ps")
    host.answer("docker", json.dumps([{"LogPath": str(host.project / "log")}], indent=4), "inspect")
    (host.project / "log").write_text("x" * 100, encoding="utf-8")
    host.answer("aws", '{"username": "henri", "password": "x"}')
    host.answer("git", COMMIT)
    host.answer("git", "", "status")
    for number, value in enumerate(HOSTILE):
        shell = SHELLS[number % 2]
        folder = host.project / value if parameter == "directory" else host.project
        folder.mkdir(exist_ok=True)
        host.run(name, shell, **given(host, name, **{parameter: str(folder) if parameter == "directory" else value}))
        assert not list(host.folder.rglob("hit")), value
        words = value.replace(",", "\n").split("\n") if parameter == "endpoints" else [value]
        arrived = "\n".join(argument for call in host.calls for argument in call)
        if (name, parameter) not in NO_ARGUMENTS:
            assert all(word in arrived for word in words if word), value
        host.calls_file.unlink(missing_ok=True)


@pytest.mark.parametrize("name", [name for name in NAMES if document(name)["parameters"]])
def test_where_the_agent_is_too_old_to_set_variables_it_ends(host: Host, name: str) -> None:
    ended = host.run(name)
    assert ended.returncode not in (0, 69)
    assert "SSM_" in ended.stderr
    assert host.calls == []


@pytest.mark.parametrize("name", [name for name in NAMES if "directory" in document(name)["parameters"]])
def test_no_such_folder(host: Host, name: str) -> None:
    host.does("df", "exit 1")
    ended = host.run(name, **given(host, name, directory="/srv/gone"))
    assert ended.returncode not in (0, 69)


@pytest.mark.parametrize("shell", SHELLS)
def test_containers(host: Host, shell: str) -> None:
    one = {"Command": '"docker-entry\\"', "ID": "ab12", "Labels": 'a="b",x', "Service": "redis", "State": "running"}
    host.answer("docker", json.dumps(one) + "\n" + json.dumps(one) + "\n", "ps")
    ended = host.run("look_containers", shell, directory=str(host.project), **OF)
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [one | {"Command": "", "Labels": ""}] * 2
    assert host.calls == [[*COMPOSE, "ps", "--all", "--format", "json"]]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("indent", [2, None])
def test_compose_file(host: Host, shell: str, indent: int | None) -> None:
    host.answer("docker", json.dumps(CONFIG, indent=indent), "config")
    ended = host.run("look_compose", shell, directory=str(host.project), **OF)
    assert ended.stdout.splitlines() == [
        "service=postgres",
        "image=postgres:16",
        "service=user_service",
        "container=harena_user_prod",
        "image=harena-user:v6",
        "port= 3000 3000 tcp",
        "port=127.0.0.1 9000-9010 9 udp",
    ]
    assert host.calls == [[*COMPOSE, "config", "--format", "json"]]


def test_a_compose_file_that_is_wrong(host: Host) -> None:
    host.does("docker", "echo 'services.user_service.prots is not allowed' >&2; exit 15", "config")
    ended = host.run("look_compose", directory=str(host.project), **OF)
    assert (ended.returncode, ended.stdout) == (15, "")
    assert ended.stderr == "services.user_service.prots is not allowed\n"


def test_memory(host: Host) -> None:
    host.answer("cat", "MemTotal:        8000000 kB\n", "/proc/meminfo")
    host.answer("docker", '{"Name":"redis","MemUsage":"1MiB / 8GiB"}\n', "stats")
    assert host.run("look_memory").stdout == 'MemTotal:        8000000 kB\n{"Name":"redis","MemUsage":"1MiB / 8GiB"}\n'
    assert host.calls == [["cat", "/proc/meminfo"], ["docker", "stats", "--no-stream", "--format", "json"]]


def test_disk(host: Host) -> None:
    host.answer("df", "Mounted on 1B-blocks Avail\n/ 100 10\n")
    host.answer("docker", '{"Type":"Images"}\n', "df")
    host.does("du", '[ "$3" = /var/lib/docker/containers ] && exit 1; printf "5\\t%s\\n" "$3"')
    ended = host.run("look_disk", directory=str(host.project))
    assert ended.stdout == f'Mounted on 1B-blocks Avail\n/ 100 10\n{{"Type":"Images"}}\n5\t{host.project}\n'
    assert host.calls[0] == ["df", "-B1", "--output=target,size,avail", "--", "/", str(host.project)]
    assert host.calls[1] == ["docker", "system", "df", "--format", "json"]


@pytest.mark.parametrize("shell", SHELLS)
def test_since_when(host: Host, shell: str) -> None:
    host.answer("docker", "aa\nbb\n", "ps")
    for container, health in {"aa": "healthy", "bb": "starting"}.items():
        state = {"Status": "running", "StartedAt": f"2025-10-24T09:12:{container}Z", "Health": {"Status": health}}
        host.answer("docker", json.dumps([{"Id": container, "State": state}], indent=4), container)
    ended = host.run("look_started", shell, directory=str(host.project), service="redis", **OF)
    assert ended.stdout == "started=2025-10-24T09:12:aaZ\nstarted=2025-10-24T09:12:bbZ\nhealth=starting\n"
    assert host.calls[0] == [*COMPOSE, "ps", "--all", "--quiet", "--", "redis"]


@pytest.mark.parametrize("shell", SHELLS)
def test_when_containers_were_made(host: Host, shell: str) -> None:
    host.answer("docker", "aa\nbb\n", "ps")
    for container in ("aa", "bb"):
        labels = {"Created": "no", "com.docker.compose.service": f"{container}_service"}
        told = {"Id": container, "Created": f"2025-10-24T09:12:{container}Z", "Config": {"Labels": labels}}
        host.answer("docker", json.dumps([told], indent=4), container)
    ended = host.run("look_made", shell, directory=str(host.project), **OF)
    *made, now = ended.stdout.splitlines()
    assert made == [
        "made=2025-10-24T09:12:aaZ",
        "service=aa_service",
        "made=2025-10-24T09:12:bbZ",
        "service=bb_service",
    ]
    assert re.fullmatch(r"now=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", now)
    assert host.calls[0] == [*COMPOSE, "ps", "--all", "--quiet"]


def test_no_container_has_started(host: Host) -> None:
    ended = host.run("look_started", directory=str(host.project), service="redis", **OF)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert len(host.calls) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_errors(host: Host, shell: str) -> None:
    host.answer("docker", "user_service\nredis\n", "--services")
    host.answer("docker", "fine\n" + "".join(f"ERROR {n} {'x' * 300}\n" for n in range(5)) + "ended=1", "user_service")
    ended = host.run("look_errors", shell, directory=str(host.project), minutes="60", **OF)
    told = ended.stdout.splitlines()
    assert [line[:12] for line in told] == [
        "service=user",
        "errors=5",
        "line=ERROR 2",
        "line=ERROR 3",
        "line=ERROR 4",
        "service=redi",
        "errors=0",
    ]
    assert {len(line) for line in told if line.startswith("line=")} == {205}
    logs = [*COMPOSE, "logs", "--no-color", "--no-log-prefix", "--since", "60m", "--"]
    assert host.calls[1:] == [[*logs, "user_service"], [*logs, "redis"]]


@pytest.mark.parametrize("shell", SHELLS)
def test_logs_that_cannot_be_read_are_not_without_errors(host: Host, shell: str) -> None:
    host.answer("docker", "user_service\n", "--services")
    host.does("docker", "printf 'ended=0\\n'; exit 1", "logs")
    ended = host.run("look_errors", shell, directory=str(host.project), minutes="60", **OF)
    assert ended.returncode == 1
    assert "errors=" not in ended.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_endpoints(host: Host, shell: str) -> None:
    host.does("curl", "case \"${*: -1}\" in *:3000*) printf '200 0.012' ;; *) printf '000 0.0'; exit 7 ;; esac")
    ended = host.run("look_endpoints", shell, endpoints="3000/health,3001/api/v1/search/health")
    assert sorted(ended.stdout.splitlines()) == [
        "endpoint=3000/health status=200 seconds=0.012",
        "endpoint=3001/api/v1/search/health status=000 seconds=0.0",
    ]
    assert ended.returncode == 0
    assert sorted(call[-1] for call in host.calls) == [
        "http://127.0.0.1:3000/health",
        "http://127.0.0.1:3001/api/v1/search/health",
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_login(host: Host, shell: str) -> None:
    host.answer("aws", json.dumps({"username": "henri@example.com", "password": 'He"n\\r=@<i'}, indent=1))
    host.does("curl", '/bin/cat >"${CALLS%calls}form"; printf "200 0.3"')
    ended = host.run("look_login", shell, endpoint="3000/login", secret="harena/login")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "status=200 seconds=0.3\n", "")
    assert not any("henri" in argument or "He" in argument for call in host.calls for argument in call)
    form = (host.folder / "form").read_text(encoding="utf-8")
    assert form == 'form-string = "username=henri@example.com"\nform-string = "password=He\\"n\\\\r=@<i"\n'
    assert host.calls[0][:5] == ["aws", "secretsmanager", "get-secret-value", "--secret-id", "harena/login"]


@pytest.mark.parametrize("secret", ["plain", '{"username": "henri"}', json.dumps({"username": "é", "password": "x"})])
def test_a_secret_that_is_no_login(host: Host, secret: str) -> None:
    host.answer("aws", secret)
    ended = host.run("look_login", endpoint="3000/login", secret="harena/login")
    assert ended.returncode == 65
    assert secret not in ended.stdout + ended.stderr
    assert [call[0] for call in host.calls] == ["aws"]


def test_a_secret_that_the_host_may_not_read(host: Host) -> None:
    host.does("aws", "echo AccessDeniedException >&2; exit 254")
    ended = host.run("look_login", endpoint="3000/login", secret="harena/login")
    assert (ended.returncode, ended.stderr) == (254, "AccessDeniedException\n")


@pytest.mark.parametrize(("changes", "dirty"), [("", "no"), (" M compose.yml\n", "yes")])
def test_version(host: Host, changes: str, dirty: str) -> None:
    host.answer("git", COMMIT, "--verify")
    host.answer("git", "main\n", "--abbrev-ref")
    host.answer("git", changes, "status")
    host.answer("docker", "[]\n", "images")
    ended = host.run("look_version", directory=str(host.project), **OF)
    assert ended.stdout == f"commit={COMMIT}\nbranch=main\ndirty={dirty}\n[]\n"
    assert host.calls[0][:3] == ["git", "-c", f"safe.directory={host.project}"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("tip", "exit_code", "ahead"), [(OTHER, 0, "no"), (OTHER, 1, "yes"), (COMMIT, 128, "yes"), (COMMIT, 0, "no")]
)
def test_branch(host: Host, shell: str, tip: str, exit_code: int, ahead: str) -> None:
    host.answer("git", f"{COMMIT}\n", "--verify")
    host.answer("git", f"{tip}\trefs/heads/main\n", "ls-remote")
    host.does("git", f"exit {exit_code}", "merge-base")
    ended = host.run("look_branch", shell, directory=str(host.project), branch="main")
    assert (ended.returncode, ended.stdout) == (0, f"commit={COMMIT}\ntip={tip}\nahead={ahead}\n")
    assert ["git", "ls-remote", "--exit-code", "origin", "refs/heads/main"] in host.calls


def test_a_branch_that_the_remote_does_not_have(host: Host) -> None:
    host.answer("git", f"{COMMIT}\n", "--verify")
    host.does("git", "exit 2", "ls-remote")
    assert host.run("look_branch", directory=str(host.project), branch="main").returncode == 2


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("do_restart", [["restart", "--timeout", "10", "--", "redis"]]),
        ("do_rebuild", [["build", "--", "redis"], ["up", "--detach", "--no-deps", "--", "redis"]]),
        (
            "do_recreate",
            [
                ["build", "--", "redis"],
                ["up", "--detach", "--no-deps", "--force-recreate", "--", "redis"],
            ],
        ),
    ],
)
def test_one_service(host: Host, name: str, called: list[list[str]]) -> None:
    host.answer("docker", "noise\n")
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    ended = host.run(name, **given(host, name, service="redis", **OF))
    assert (ended.returncode, ended.stdout) == (0, "")
    assert [call for call in host.calls if call[0] == "docker"] == [[*COMPOSE, *arguments] for arguments in called]


@pytest.mark.parametrize("name", ["do_rebuild", "do_recreate"])
def test_what_cannot_be_built_leaves_what_runs(host: Host, name: str) -> None:
    host.does("docker", "exit 17", "build")
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    assert host.run(name, **given(host, name, service="redis", **OF)).returncode == 17
    assert [call for call in host.calls if call[0] == "docker"] == [[*COMPOSE, "build", "--", "redis"]]


@pytest.mark.parametrize(
    ("head", "changes", "why"),
    [
        (OTHER, "", f"another commit lies there: {OTHER}"),
        (COMMIT, " M docker-compose.prod.yml", "files of the project were changed by hand"),
    ],
)
@pytest.mark.parametrize("name", ["do_rebuild", "do_recreate"])
def test_nothing_is_built_but_what_was_approved(host: Host, name: str, head: str, changes: str, why: str) -> None:
    host.answer("git", f"{head}\n", "rev-parse")
    host.answer("git", changes, "status")
    ended = host.run(name, **given(host, name, service="redis", **OF))
    assert (ended.returncode, ended.stderr.strip()) == (1, why)
    assert not [call for call in host.calls if call[0] == "docker"]


@pytest.mark.parametrize("name", ["do_rebuild", "do_recreate"])
def test_where_git_cannot_tell_nothing_is_built(host: Host, name: str) -> None:
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    host.does("git", "exit 128", "status")
    assert host.run(name, **given(host, name, service="redis", **OF)).returncode == 128
    assert not [call for call in host.calls if call[0] == "docker"]


@pytest.mark.parametrize("shell", SHELLS)
def test_deployment(host: Host, shell: str) -> None:
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    host.answer("docker", "harena-user\nregistry:5000/redis:7\npostgres@sha256:ab\nnew\n", "--images")
    host.does("docker", f'case "${{*: -1}}" in new|*:before-*) ;; *) echo {ID} ;; esac', "ls")
    ended = host.run("do_deploy", shell, directory=str(host.project), commit=COMMIT, label="inc-1", **OF)
    assert ended.stdout.splitlines() == [
        f"image=harena-user {ID}",
        f"image=registry:5000/redis:7 {ID}",
        f"commit={COMMIT}",
        f"deployed={COMMIT}",
    ]
    made = [call for call in host.calls if not {"ls", "config", "rev-parse"} & set(call)]
    assert made == [
        ["docker", "image", "tag", "harena-user", "harena-user:before-inc-1"],
        ["docker", "image", "tag", "registry:5000/redis:7", "registry:5000/redis:before-inc-1"],
        ["git", "fetch", "--quiet"],
        ["git", "merge-base", "--is-ancestor", COMMIT, "@{upstream}"],
        ["git", "merge", "--quiet", "--ff-only", COMMIT],
        [*COMPOSE, "build", "--no-cache"],
        [*COMPOSE, "stop"],
        [*COMPOSE, "up", "--detach"],
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_earlier_deployments_kept_goes_when_this_one_stands(host: Host, shell: str) -> None:
    kept = ["harena-user:before-inc-0", "harena-user:latest", "harena-user:before-inc-1", "other:before-inc-0"]
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    host.answer("docker", "harena-user\n", "--images")
    host.answer("docker", f"{ID}\n", "ls")
    host.answer("docker", json.dumps([{"Id": ID, "RepoTags": kept}], indent=4), "inspect")
    host.does("docker", "exit 1", "rm")  # a container still uses it
    ended = host.run("do_deploy", shell, directory=str(host.project), commit=COMMIT, label="inc-1", **OF)
    assert ended.returncode == 0
    assert [call[-1] for call in host.calls if "--filter" in call] == ["reference=harena-user:before-*"]
    (removed,) = [call for call in host.calls if "rm" in call]
    assert removed == ["docker", "image", "rm", "--", "harena-user:before-inc-0"]
    assert [*COMPOSE, "up", "--detach"] in host.calls[: host.calls.index(removed)]


@pytest.mark.parametrize("name", ["do_deploy", "do_deploy_back", "look_branch"])
def test_root_leaves_the_project_its_owners(host: Host, name: str) -> None:
    host.answer("id", "0\n")
    host.does("stat", '[ "$2" = %u ] && echo 1000 || echo ec2-user')
    host.does("runuser", 'shift 6; exec "$@"')
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    assert host.run(name, **given(host, name)).returncode == 0
    for number, call in enumerate(host.calls):
        if call[0] == "git":
            assert host.calls[number - 1] == ["runuser", "-u", "ec2-user", "--", "env", "-u", "HOME", *call]


def test_a_deployment_that_is_tried_again_keeps_what_the_first_one_kept(host: Host) -> None:
    host.answer("docker", "harena-user\n", "--images")
    host.answer("docker", f"{ID}\n", "ls")
    host.run("do_deploy", directory=str(host.project), commit=COMMIT, label="inc-1", **OF)
    assert not [call for call in host.calls if "tag" in call]


@pytest.mark.parametrize("broken", ["fetch", "merge-base", "merge", "build"])
def test_a_deployment_that_fails_early_stops_nothing(host: Host, broken: str) -> None:
    host.does("docker" if broken == "build" else "git", "exit 1", broken)
    assert host.run("do_deploy", directory=str(host.project), commit=COMMIT, label="inc-1", **OF).returncode == 1
    assert not [call for call in host.calls if "stop" in call or "up" in call]


@pytest.mark.parametrize("shell", SHELLS)
def test_going_back(host: Host, shell: str) -> None:
    host.answer("git", f"{COMMIT}\n", "rev-parse")
    host.answer("docker", "harena-user:v6\nredis\n", "--images")
    host.does("docker", f'[ "${{*: -1}}" = harena-user:before-inc-1 ] && echo {ID}', "ls")
    ended = host.run("do_deploy_back", shell, directory=str(host.project), label="inc-1", commit=COMMIT, **OF)
    assert ended.stdout == f"deployed={COMMIT}\n"
    made = [call for call in host.calls if not {"ls", "config", "rev-parse"} & set(call)]
    assert made == [
        ["git", "reset", "--keep", COMMIT],
        ["docker", "image", "tag", "harena-user:before-inc-1", "harena-user:v6"],
        [*COMPOSE, "up", "--detach", "--no-build"],
    ]


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("do_prune_images", [["image", "prune", "--all", "--force"]]),
        ("do_prune_build_cache", [["builder", "prune", "--all", "--force"]]),
    ],
)
def test_pruning(host: Host, name: str, called: list[list[str]]) -> None:
    assert host.run(name).stdout == ""
    assert host.calls == [["docker", *arguments] for arguments in called]


def test_logs_are_emptied_above_a_size(host: Host) -> None:
    large, small = host.project / "large.log", host.project / "small.log"
    large.write_bytes(b"x" * 1_000_001)
    small.write_bytes(b"x" * 1_000_000)
    host.answer("docker", "aa\nbb\ncc\n", "ps")
    for container, path in {"aa": large, "bb": small, "cc": Path("/gone")}.items():
        host.answer("docker", json.dumps([{"Id": container, "LogPath": str(path)}], indent=4), container)
    ended = host.run("do_truncate_logs", megabytes="1")
    assert ended.stdout == f"log={large} bytes=1000001\n"
    assert (large.stat().st_size, small.stat().st_size) == (0, 1_000_000)


@pytest.mark.parametrize("shell", SHELLS)
def test_when_the_host_was_started(host: Host, shell: str) -> None:
    assert re.fullmatch(r"booted=\d+\n", host.run("look_booted", shell).stdout)  # this machine's own


def test_reboot(host: Host) -> None:
    assert host.run("do_reboot").returncode == 0
    assert host.calls == [["shutdown", "-r", "+1"]]
