"""Collects every text that a person may read: from code, templates, declarations and runbooks."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract

from functions.core import catalogue
from functions.core.diagnosis import ORDER
from functions.core.plan import RISKS
from functions.core.template import NAME
from statemachines import load
from statemachines.model import Cause

ROOT = Path(__file__).parent.parent
SAYING = {"say": 1, "say_many": 2, "marked": 1, "translated": 1}  # how many arguments are forms of the message
TRANSLATING = {"_": None, "gettext": None, "ngettext": (1, 2)}  # what {% trans %} becomes, as Babel writes it
RENDERING = ("lstrip_blocks", "newstyle_gettext", "trim_blocks", "trimmed")  # as functions.core.mail does
AS_RENDERED = dict.fromkeys(RENDERING, "true") | {"silent": "false"}


class Text(NamedTuple):
    """One text, or its forms for one and many; where it stands, as a path in the repository; what it is there."""

    message: str | tuple[str, ...]
    place: str
    notes: list[str]


def collected() -> Catalog:
    """Return all messages, in the order of their files, without translations."""
    messages = Catalog(charset="utf-8")
    for text in sorted([*_code(), *_templates(), *_declared(), *_runbooks(), *_audits()], key=lambda text: text.place):
        messages.add(text.message, locations=[(text.place, 0)], auto_comments=text.notes)
    return messages


def _code() -> Iterator[Text]:
    """Find the calls that say something; not by Babel, which takes any text inside of a call for its argument."""
    for path in sorted(path for folder in ("cli", "functions") for path in (ROOT / folder).rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            forms = SAYING.get(call.func.id, 0) if isinstance(call.func, ast.Name) else 0
            texts = [str(one.value) for one in call.args[:forms] if isinstance(one, ast.Constant)]
            if texts:
                yield Text(tuple(texts) if len(texts) > 1 else texts[0], _place(path), [])


def _templates() -> Iterator[Text]:
    for path in sorted((ROOT / "functions" / "workflow" / "templates").iterdir()):
        if path.suffix in (".html", ".md", ".txt"):
            with path.open("rb") as file:
                for _, message, _, _ in extract("jinja2.ext:babel_extract", file, TRANSLATING, options=AS_RENDERED):
                    yield Text(message, _place(path), [])


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _declared() -> Iterator[Text]:
    for check in catalogue.checks().values():
        for signal, sentence in check.signals.items():
            yield Text(sentence, f"functions/checks/{check.name}.py", [f"signal {signal}"])
    for fix in catalogue.fixes().values():
        for what, text in {"effect": fix.effect, "radius": fix.radius, "undo": fix.undo_effect}.items():
            if text:
                yield Text(text, f"functions/fixes/{fix.name}.py", [what])
    for risk in RISKS:
        yield Text(risk, "functions/core/plan.py", ["risk"])
    for standing in ORDER:
        yield Text(standing, "functions/core/diagnosis.py", ["standing of a cause"])


def _runbooks() -> Iterator[Text]:
    for name, runbook in load.runbooks().items():
        place = f"statemachines/runbooks/{name}.yaml"
        yield Text(runbook.title, place, ["title of the runbook"])
        for symptom in runbook.symptoms:
            yield Text(symptom, place, ["symptom"])
        for cause in runbook.causes:
            for what, text in _texts(cause):
                if any(letter.isalpha() for letter in NAME.sub("", text)):  # not where it is a fact alone
                    yield Text(text, place, [f"{what} of the cause {cause.name}"])
        for item in runbook.checklist:
            for text in (item.title, item.value, item.normal):
                if any(letter.isalpha() for letter in NAME.sub("", text)):
                    yield Text(text, place, ["line of the checklist"])


def _audits() -> Iterator[Text]:
    for name, audit in load.audits().items():
        place = f"statemachines/audits/{name}.yaml"
        yield Text(audit.title, place, ["title of the audit"])
        for row in audit.rows:
            yield Text(row.title, place, ["title of the row"])
            yield Text(row.means, place, [f"what the row {row.name} means"])
            for signal, todo in row.wrong.items():
                yield Text(todo, place, [f"what to do about {signal}"])
        for asked in audit.attestations.values():
            yield Text(asked.title, place, ["to be attested"])


def _texts(cause: Cause) -> Iterator[tuple[str, str]]:
    yield "title", cause.title
    yield "manual", cause.manual
    yield "prevention", cause.prevention
    for use in cause.fix:
        yield "before", use.before
        yield "after", use.after
