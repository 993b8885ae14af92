"""Every document keeps SSM's rules and ours: no value from outside is ever a shell's text."""

import re
import subprocess
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import StringConstraints, TypeAdapter

from tests.documents.documents import NAMES, Host, admitted, document, patterns, script

PATTERNS = list(patterns())
GOOD = {
    "directory": ["/home/ec2-user/harena", "/srv"],
    "file": ["docker-compose.prod.yml"],
    "service": ["conversation_service_v3", "postgres"],
    "minutes": ["60"],
    "endpoints": ["3000/health", "3000,3001/api/v1/search/health," + ",".join(["3008/health"] * 8)],
    "endpoint": ["3000/api/v1/users/auth/login"],
    "secret": ["harena/login"],
    "branch": ["main", "release/v6.1", "feature_x"],
    "commit": ["0123456789abcdef0123456789abcdef01234567"],
    "label": ["harena-20261121-4f2a"],
    "megabytes": ["100"],
}
HOSTILE = [
    "",
    " ",
    "a'b",
    'a"b',
    "a`touch hit`",
    "$(touch hit)",
    "a;touch hit",
    "a|b",
    "a&b",
    "a>b",
    "a b",
    "a\nb",
    "a\n",
    "\na",
    "a\r",
    "a\r\n",
    "a\u2028",
    "a\x85",
    "a\0",
    "-x",
    "--volumes",
    "--file=/etc/passwd",
    "*",
    "~root",
    "{{ssm:secret}}",
    "é",
    "a" * 10_000,
    "1" * 10_000,
]
OF_PATHS = ["..", "/..", "/srv/..", "/srv/../etc", "../etc", "/srv/./x", "//srv", "/srv/", "/", "/-x", "/srv/-rf"]
OF_URLS = ["3000/../admin", "3000/..", "3000//x", "3000/x?y=z", "3000/x#y", "0/x", "3000/@evil", "3000@evil/x", ":3000"]

APPENDED = ["'", '"', "\n", "\r", "\r\n", "\n-x", "$(id)", "`id`", " --volumes", ";id", "\\", "\0", "\u2028", "\x85"]


def test_there_are_documents_and_all_look_or_do() -> None:
    assert len(NAMES) == 21
    assert all(re.fullmatch(r"(look|do)_[a-z_]+", name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_schema(name: str) -> None:
    content = document(name)
    assert content.keys() == {"schemaVersion", "description", "parameters", "mainSteps"}
    assert content["schemaVersion"] == "2.2"
    assert content["description"]
    (step,) = content["mainSteps"]
    assert step.keys() == {"action", "name", "precondition", "inputs"}
    assert step["action"] == "aws:runShellScript"
    assert step["name"] == "run"
    assert step["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert step["inputs"].keys() == {"timeoutSeconds", "runCommand"}
    assert 5 <= int(step["inputs"]["timeoutSeconds"]) <= 172_800
    assert isinstance(step["inputs"]["timeoutSeconds"], str)
    assert [type(one) for one in step["inputs"]["runCommand"]] == [str]
    for parameter in content["parameters"].values():
        assert parameter.keys() == {"type", "description", "allowedPattern", "interpolationType"}
        assert parameter["type"] == "String"
        assert parameter["interpolationType"] == "ENV_VAR"
        assert parameter["description"]


@pytest.mark.parametrize("name", NAMES)
def test_script(name: str, tmp_path: Path) -> None:
    text = script(name)
    assert text.startswith("set -eu\n")
    assert "{{" not in text
    assert "}}" not in text
    assert not re.search(r"\beval\b|\bxargs\b|\bsource\b|(?:ba)?sh -c", text)
    used = re.findall(r"SSM_(\w+)", text.replace("AWS_SSM_", ""))
    assert set(used) == document(name)["parameters"].keys()
    assert all(f"${{SSM_{parameter}:?}}" in text for parameter in set(used)), "an agent that sets none is found out"
    bare = re.sub(r"""(?<=\s)#[^\n]*|'[^']*'|"(?:[^"\\]|\\.)*\"""", "", text)
    assert "$((" not in text, "the shell evaluates what stands there"
    assert "SSM_" not in bare, "a value stands outside of quotes"
    (tmp_path / "script").write_text(text, encoding="utf-8")
    for shell in ("bash", "sh"):  # the agent calls sh, which is not bash everywhere
        checked = subprocess.run([shell, "-n", "script"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_volumes_are_never_removed(name: str) -> None:
    """What a document of ours prunes, a stopped database does not miss."""
    text = script(name)
    assert not re.search(r"--volumes|system prune|volume (rm|prune)|\bdown\b|\bdocker\b.* -v\b|rm\b.* -\w*v", text)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("look_")])
def test_what_looks_changes_nothing(name: str) -> None:
    words = r"\b(up|build|restart|start|stop|rm|prune|pull|tag|reset|checkout|truncate|shutdown|reboot|kill|tee|exec)\b"
    assert not re.search(words, script(name))
    assert not re.search(r">(?!&2|/dev/null|&1)(?!=)", re.sub(r"'[^']*'", "", script(name), flags=re.DOTALL))


@pytest.mark.parametrize("name", [name for name in NAMES if "docker" in script(name)])
def test_docker_is_asked_first(name: str, host: Host) -> None:
    host.does("docker", "exit 1", "version")
    given = {one: GOOD[one][0] for one in document(name)["parameters"]} | {"directory": str(host.project)}
    ended = host.run(name, **given)
    assert (ended.returncode, ended.stdout, ended.stderr) == (69, "", "docker does not answer\n")
    assert host.calls == []


@pytest.mark.parametrize(("name", "parameter", "pattern"), PATTERNS)
def test_pattern_is_one_that_every_engine_knows(name: str, parameter: str, pattern: str) -> None:
    """The agent's knows no lookarounds, and no more than a thousand repetitions, those in others multiplied."""
    assert pattern.startswith("^"), f"{name} {parameter}"
    assert pattern.endswith("$")
    assert pattern.count("$") == pattern.count("^") == 1
    assert "|" not in pattern
    assert "\\" not in pattern
    assert not re.search(r"\[\^|\.[*+]", pattern)
    TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validate_python(GOOD[parameter][0])
    assert repetitions(pattern) <= 1000


@pytest.mark.parametrize(("name", "parameter", "pattern"), PATTERNS)
def test_pattern_takes_what_is_meant(name: str, parameter: str, pattern: str) -> None:
    refused = [value for value in GOOD[parameter] if not admitted(pattern, value)]
    assert refused == [], name


@pytest.mark.parametrize(("name", "parameter", "pattern"), PATTERNS)
def test_pattern_refuses_everything_else(name: str, parameter: str, pattern: str) -> None:
    good = GOOD[parameter][0]
    special = [*OF_PATHS, *OF_URLS] if parameter in ("directory", "endpoint", "endpoints") else OF_PATHS
    values = {*HOSTILE, *special, *(good + one for one in APPENDED), *(one + good for one in ["\n", " ", "-", "'"])}
    assert sorted(value for value in values if admitted(pattern, value)) == [], name


def repetitions(pattern: str) -> int:
    """Return the most that nested repetitions of a pattern come to."""
    worst, stack = 1, [1]
    tokens = re.findall(r"\[[^]]*\]|[()]|\{\d+(?:,\d+)?\}|.", pattern)
    inner = 1
    for token in tokens:
        if token == "(":
            stack.append(1)
        elif token == ")":
            inner = stack.pop()
            stack[-1] = max(stack[-1], inner)
        elif repeated := re.fullmatch(r"\{(?:\d+,)?(\d+)\}", token):
            stack[-1] = max(stack[-1], int(repeated[1]) * inner)
            inner = 1
        else:
            inner = 1
        worst = max(worst, *stack)
    return worst


@pytest.mark.parametrize(
    ("pattern", "most"), [("^a{0,9}$", 9), ("^(a{0,9}b){1,7}$", 63), ("^(a(b{2}c){0,3}){0,5}d{31}$", 31), ("^a+$", 1)]
)
def test_repetitions(pattern: str, most: int) -> None:
    assert repetitions(pattern) == most
