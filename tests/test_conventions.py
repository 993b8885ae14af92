"""What a reviewer would otherwise have to look for in every change."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from functions.core import catalogue
from functions.core.function import Function
from functions.core.redaction import redact
from functions.core.template import names

ROOT = Path(__file__).parent.parent
MAX_FUNCTION, MAX_FILE = 35, 70
# Longer than they should be, and why.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
READS = {"Describe", "Get", "List", "Filter", "BatchGet"}


def sources(*folders: str) -> list[Path]:
    """List the Python files of some folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    """Name a file as it is named in the repository."""
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """List the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """List a file's functions and how many lines each has."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield f"{relative(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_what_runs_on_lambda_knows_nothing_of_the_cdk() -> None:
    for path in sources("functions", "statemachines"):
        assert not {name.partition(".")[0] for name in imported(path)} & {
            "aws_cdk",
            "constructs",
            "infra",
            "sandbox",
        }, path


def test_functions_parse_no_yaml() -> None:
    for path in sources("functions"):
        assert not {name for name in imported(path) if name.startswith(("ruamel", "yaml", "statemachines.load"))}, path


def test_checks_declare_reading_actions_only() -> None:
    for name, check in catalogue.checks().items():
        for permission in check.permissions:
            for action in permission.actions:
                verb = action.partition(":")[2]
                sends = action == "ssm:SendCommand" and "document/{stack}-do-" not in permission.on != "*"
                reads = any(verb.startswith(read) for read in READS)
                assert reads or sends or action == "ssm:CancelCommand", f"{name} declares {action}"


@pytest.mark.parametrize("kind", ["checks", "fixes", "workflow"])
def test_every_function_has_its_test_file(kind: str) -> None:
    tested = {path.name.removeprefix("test_") for path in sources(f"tests/functions/{kind}")}
    assert {path.name for path in sources(f"functions/{kind}")} - {"__init__.py"} <= tested


@pytest.mark.parametrize("kind", ["checks", "fixes", "workflow"])
def test_every_file_is_a_function(kind: str) -> None:
    found: dict[str, Mapping[str, Function]] = {
        "checks": catalogue.checks(),
        "fixes": catalogue.fixes(),
        "workflow": catalogue.steps(),
    }
    assert {path.stem for path in sources(f"functions/{kind}")} - {"__init__"} == found[kind].keys()


def test_every_function_says_what_it_does() -> None:
    for function in [*catalogue.checks().values(), *catalogue.fixes().values(), *catalogue.steps().values()]:
        assert function.description.endswith((".", "?", ")")), function.name
    for check in catalogue.checks().values():
        assert all(sentence[0].isupper() and not sentence.endswith(".") for sentence in check.signals.values()), (
            check.name
        )


def test_an_effect_names_only_what_every_use_gives() -> None:
    for fix in catalogue.fixes().values():
        required = {name for name, field in fix.parameters.model_fields.items() if field.is_required()}
        assert names(fix.effect) <= required, fix.name


def test_checks_and_fixes_are_short() -> None:
    long = {relative(path) for path in sources("functions/checks", "functions/fixes") if lines(path) > MAX_FILE}
    assert long <= LONG_FILES.keys()


def lines(path: Path) -> int:
    """Count a file's lines."""
    return len(path.read_text(encoding="utf-8").splitlines())


def test_functions_are_short() -> None:
    everything = sources("functions", "statemachines", "infra", "sandbox")
    long = {name for path in everything for name, length in functions(path) if length > MAX_FUNCTION}
    assert long <= LONG_FUNCTIONS.keys()


def test_services_and_runbooks_hold_no_secrets() -> None:
    for path in [*(ROOT / "services").glob("*.yaml"), *(ROOT / "statemachines" / "runbooks").glob("*.yaml")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert redact(line) == line, f"{relative(path)}:{number} looks like a secret's value"
