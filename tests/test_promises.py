"""Every promise of docs/production.md has tests behind it, which exist and are not skipped."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
# A promise is an item of a list, up to the next one, the next heading or an empty line
PROMISES = re.findall(r"^- (.+?)(?=^- |^#|^$|\Z)", PAGE, re.MULTILINE | re.DOTALL)
NAMED = TEST.findall(PAGE)


def runnable(path: str) -> dict[str, str]:
    """Return a file's tests, by name, with what decorates them."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return {node.name: " ".join(map(ast.unparse, node.decorator_list)) for node in found}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.partition("\n")[0][:60])
def test_a_promise_has_a_test(promise: str) -> None:
    assert TEST.search(promise), "name the test behind it, as `tests/….py::test_…`"


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_behind_a_promise_exists_and_runs(path: str, name: str) -> None:
    assert (ROOT / path).exists(), f"there is no {path}"
    assert name in runnable(path), f"{path} has no {name}"
    assert not re.search("skip|xfail", runnable(path)[name]), f"{name} does not always run"


def test_nothing_else_on_the_page_passes_for_a_test() -> None:
    assert len(re.findall(r"tests/|::|\btest_", TEST.sub("", PAGE))) == 0
    assert PROMISES


def test_whoever_reads_the_readme_finds_the_page() -> None:
    assert "(docs/production.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
