"""Which API operations a function of ours may come to call, whichever path it takes, read from the source as it stands.

What the tests run tells what is called on the paths that they take. On a path that none takes, such as the one after
two people have written at the same moment, a permission that is missing shows only here.

It follows names: of functions, imported modules, `self` and `incidents`. It does not see an operation whose name is in
a variable, nor methods of other objects: tests/test_permissions.py lists what is declared and not seen.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import botocore.session
from botocore import xform_name

ROOT = Path(__file__).parents[1]
CLIENT = re.compile(r'\bclient\((?:\w+, )?"([a-z0-9-]+)"')


class Ours(NamedTuple):
    """Functions of ours by module and name; where several share both, such as methods of two classes, all of them."""

    module: str
    name: str


def operations(module: str, function: str) -> dict[str, str]:
    """List what a function of a module may come to call: the operation, and the function of ours that calls it."""
    found, seen, todo = dict[str, str](), set[Ours](), [Ours(module, function)]
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            for body in _functions(at.module).get(at.name, []):
                found |= dict.fromkeys(_called(body), ".".join(at))
                todo += _uses(at.module, body)
    return found


def _called(body: ast.FunctionDef) -> Iterator[str]:
    """Give the operations that a function names: as a client's method, or to a paginator."""
    for node in ast.walk(body):
        match node:
            case ast.Attribute(attr=name) if name in _methods():
                yield _methods()[name]
            case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(name)), *_]):
                yield _methods()[name]


def _uses(module: str, body: ast.FunctionDef) -> Iterator[Ours]:
    """Give the functions of ours that a function names, to call them or to hand them on."""
    imported, incidents = _imported(module), "functions.core.incidents"
    for node in ast.walk(body):
        match node:
            case ast.Name(id=name):
                yield imported.get(name, Ours(module, name))
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield Ours(module, name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in imported:
                yield Ours(".".join(imported[owner]), name)
            case ast.Attribute(value=ast.Name(id="incidents") | ast.Call(func=ast.Name(id="Incidents")), attr=name):
                yield Ours(incidents, name)


@functools.cache
def _source(module: str) -> str:
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    return path.read_text(encoding="utf-8") if module.startswith("functions.") and path.exists() else ""


@functools.cache
def _functions(module: str) -> dict[str, list[ast.FunctionDef]]:
    """Return a module's functions by name, the methods of its classes among them."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


@functools.cache
def _imported(module: str) -> dict[str, Ours]:
    """Return what a module imports: the module that has it and its name there, by the name here."""
    return {
        alias.asname or alias.name: Ours(node.module or "", alias.name)
        for node in ast.walk(ast.parse(_source(module)))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@functools.cache
def _methods() -> dict[str, str]:
    """Return the operations of all services of which functions make clients, by the name of boto3's method."""
    session = botocore.session.Session()
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "functions").rglob("*.py"))
    services = {service for source in sources for service in CLIENT.findall(source)}
    names = (name for service in services for name in session.get_service_model(service).operation_names)
    return {xform_name(name): name for name in names}
