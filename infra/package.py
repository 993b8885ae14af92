"""What the functions are deployed from: one folder of code for each service, one layer of dependencies for all."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from messages import files
from statemachines import compile as compiling
from statemachines import compiled, compiled_audit
from statemachines.audit_model import Audit
from statemachines.model import Runbook, Service

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
NEEDED = ("__init__.py", "model.py", "audit_model.py", "compiled.py", "compiled_audit.py")


class BuildError(Exception):
    """Something that `make` builds is not there yet."""


def code(service: Service, runbooks: Iterable[Runbook], audit: Audit | None = None) -> Path:
    """Put everything that a service's functions run into a folder of its own, the same bytes every time.

    The folder is gone when the process ends: an asset is copied as soon as it is declared.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"functions-{service.name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__", "requirements.txt", "*.po", "*.pot")
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=unwanted)
    files.compile_into(folder / "functions" / "locales")
    package = folder / "statemachines"
    package.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / "statemachines" / name, package / name)
    for runbook in runbooks:
        compiled.write(compiling.compiled(service, runbook), package / compiled.FOLDER.name)
    if audit:
        compiled_audit.write(compiling.audited(service, audit), package / compiled.FOLDER.name)
    return folder


def layer() -> Path:
    """Return the folder of the pinned dependencies.

    Raises:
        BuildError: when `make` has not built it.
    """
    folder = BUILD / "layer"
    if not (folder / "python").is_dir():
        raise BuildError(f"{folder / 'python'} is missing: the functions' dependencies. Build it with: make setup")
    return folder
