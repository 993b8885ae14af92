"""Every check, fix and step there is, found by its file: no list to keep."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import functions.checks
import functions.fixes
import functions.workflow
from functions.core.check import Check
from functions.core.fix import Fix
from functions.core.step import Step


@cache
def checks() -> dict[str, Check]:
    """Return the checks by name, which is the file's."""
    return {name: handler for name, handler in _handlers(functions.checks).items() if isinstance(handler, Check)}


@cache
def fixes() -> dict[str, Fix]:
    """Return the fixes by name, which is the file's."""
    return {name: handler for name, handler in _handlers(functions.fixes).items() if isinstance(handler, Fix)}


@cache
def steps() -> dict[str, Step]:
    """Return the steps of the chain by name, which is the file's."""
    return {name: handler for name, handler in _handlers(functions.workflow).items() if isinstance(handler, Step)}


def _handlers(package: ModuleType) -> dict[str, object]:
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: importlib.import_module(f"{package.__name__}.{name}").handler for name in names}
