"""The options of docker's and other tools' commands, and their output by Go's templates."""

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from sandbox.host.door import Failed

_ACTION = re.compile(r"{{\s*(?:(json|index)\s+)?(?:(\$?\.[\w.]*)|\"((?:\\.|[^\"\\])*)\")(?:\s+\"([^\"]*)\")?\s*}}")
_ESCAPES = {"\\t": "\t", "\\n": "\n"}
_UNITS = ("B", "kB", "MB", "GB", "TB")
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class Parser(argparse.ArgumentParser):
    """A command line that fails as docker's does."""

    def __init__(self, flags: Sequence[str] = (), values: Sequence[str] = (), *, operands: str = "operands") -> None:
        """Know flags and options with a value, each with its short form after a slash: "format", "all/a"."""
        super().__init__(add_help=False, allow_abbrev=False)
        for name in flags:
            self.add_argument(*_names(name), action="store_true")
        for name in values:
            self.add_argument(*_names(name), action="append", default=[])
        self.add_argument(operands, nargs="*")

    def read(self, arguments: Sequence[str]) -> Any:
        """Parse; raises Failed with docker's exit code for what it does not know."""
        return self.parse_intermixed_args(list(arguments))

    def error(self, message: str) -> NoReturn:
        """Fail."""
        raise Failed(125, f"unknown flag or missing argument: {message}")


def split(
    arguments: Sequence[str], values: Mapping[str, str], flags: Iterable[str] = ()
) -> tuple[dict[str, list[str]], list[str]]:
    """Take the options before a command's word off: `values` maps each option to its name; return them and the rest."""
    found: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option, equals, value = rest.pop(0).partition("=")
        if option in flags:
            continue
        if option not in values or not (equals or rest):
            raise Failed(125, f"unknown flag: {option}")
        found.setdefault(values[option], []).append(value if equals else rest.pop(0))
    return found, rest


def table(rows: Sequence[Mapping[str, Any]], template: str, columns: Sequence[str]) -> str:
    """Return rows as `--format` asks: "json" one object a line, a template one line each, else a table."""
    if template == "json":
        return "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows)
    if template and template != "table":
        body = template.removeprefix("table ")
        titles = [re.sub(r"{{\s*\.?(\w*)\s*}}", lambda found: found[1].upper(), _unescaped(body))]
        lines = [*(titles if body != template else []), *(render(body, row) for row in rows)]
        return "".join(f"{line}\n" for line in lines)
    cells = [[name.upper() for name in columns], *([str(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[column]) for line in cells) + 3 for column in range(len(columns))]
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in cells
    )


def render(template: str, value: Any) -> str:
    """Fill one of Go's templates: fields, `json` and `index`; raises Failed for what else there is in the language."""
    text = _ACTION.sub(lambda found: _action(found, value), _unescaped(template))
    if "{{" in text:
        raise Failed(125, f"template parsing error: the sandbox host does not know {template}")
    return text


def last(values: Sequence[str]) -> str:
    """Return the last value given to an option; "" without one."""
    return values[-1] if values else ""


def human(size: float) -> str:
    """Return bytes as docker shows sizes: 1.234GB."""
    return _scaled(size, 1000.0, _UNITS)


def binary(size: float) -> str:
    """Return bytes as docker shows memory: 1.234GiB."""
    return _scaled(size, 1024.0, _BINARY_UNITS)


def age(seconds: float) -> str:
    """Return a duration as docker shows it: 7 days."""
    for unit, length, most in (("second", 1, 60), ("minute", 60, 60), ("hour", 3600, 48), ("day", 86_400, 14)):
        count = int(seconds / length)
        if count < most:
            if unit in ("minute", "hour") and count == 1:
                return f"About {'a' if unit == 'minute' else 'an'} {unit}"
            return f"{count} {unit}{'' if count == 1 else 's'}" if seconds >= 1 else "Less than a second"
    return f"{int(seconds / 604_800)} weeks"


def _scaled(size: float, base: float, units: Sequence[str]) -> str:
    index = 0
    while size >= base and index < len(units) - 1:
        size, index = size / base, index + 1
    return f"{size:.4g}{units[index]}"


def _action(found: re.Match[str], value: Any) -> str:
    function, path, literal, key = found.groups()
    if literal is not None:
        return _unescaped(literal)
    for name in filter(None, path.lstrip("$").split(".")):
        if not isinstance(value, Mapping) or name not in value:
            raise Failed(1, f'template: :1:2: executing "" at <{path}>: map has no entry for key "{name}"')
        value = value[name]
    if function == "index":
        value = value.get(key, "")
    return json.dumps(value, separators=(",", ":")) if function == "json" else _shown(value)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "map[]" if value == {} else str(value)


def _unescaped(text: str) -> str:
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text


def _names(name: str) -> list[str]:
    long, _, short = name.partition("/")
    return [f"--{long}", f"-{short}"] if short else [f"--{long}"]
