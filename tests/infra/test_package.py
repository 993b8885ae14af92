import subprocess
import sys
from pathlib import Path

import pytest

from infra import package
from statemachines import load

SERVICE = load.services()["ganopa-bot"]
RUNBOOKS = [load.runbooks()[name] for name in SERVICE.runbooks]
UNWANTED = (".pyc", "requirements.txt")
IMPORT_ALL = """
import sys
from functions.core import catalogue, language
from functions.core.mail import templates
from statemachines import compiled
assert catalogue.checks() and catalogue.fixes() and catalogue.steps()
assert {one.runbook.name for one in compiled.read_all()} >= {"bot_echoes", "webhook_unavailable"}
templates().get_template("question.txt"), templates().get_template("incident.html")
assert language.catalogue("fr").gettext("The service is INACTIVE") == "Le service est INACTIVE"
assert not {"aws_cdk", "babel", "infra", "messages", "ruamel"} & sys.modules.keys()
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_code_runs_from_its_folder_alone() -> None:
    folder = package.code(SERVICE, RUNBOOKS)
    subprocess.run([sys.executable, "-B", "-c", IMPORT_ALL], cwd=folder, check=True)


@pytest.mark.usefixtures("build")
def test_the_same_code_is_the_same_bytes_in_a_folder_of_its_own() -> None:
    one, other = package.code(SERVICE, RUNBOOKS), package.code(SERVICE, RUNBOOKS)
    assert one != other  # of two who deploy at once, neither takes away what the other one packs
    assert contents(one) == contents(other)


@pytest.mark.usefixtures("build")
def test_only_what_the_functions_need_is_packed() -> None:
    packed = contents(package.code(SERVICE, RUNBOOKS))
    assert not [path for path in packed if "__pycache__" in path or path.endswith(UNWANTED)]
    assert {path for path in packed if path.startswith("functions/locales")} == {
        "functions/locales/fr/LC_MESSAGES/messages.mo"
    }
    assert {path for path in packed if path.startswith("statemachines")} == {
        "statemachines/__init__.py",
        "statemachines/compiled.py",
        "statemachines/compiled_audit.py",
        "statemachines/audit_model.py",
        "statemachines/model.py",
        *(f"statemachines/compiled/{name}.json" for name in SERVICE.runbooks),
    }


def test_a_missing_layer_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "BUILD", tmp_path)
    with pytest.raises(package.BuildError, match=r"layer/python is missing: .* make setup"):
        package.layer()
