"""Whatever looks like a sentence in what people read is a message: nothing else is left in one language."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes

from functions.core import mail
from messages.collect import ROOT, SAYING, TRANSLATING

SENTENCE = re.compile(r"[^\W\d_]{2,}[,;:]? [^\W\d_]{2,}")
WORD = re.compile(r"[^\W\d_]{2,}")
SYNTAX = re.compile(r"{#.*?#}|{%-? *trans\b.*?endtrans *-?%}|{%.*?%}|{{.*?}}", re.DOTALL)
READ_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}
NOT_FOR_PEOPLE = {"logger", "re", "Conflict", "ValueError"}  # logs, patterns, errors that only logs show
DECLARING = {"check", "fix", "handler", "host_check"}  # what they are given is collected
# Words of AWS, of HTTP, and names that the chain's state machine knows; a person reads their translation.
NO_SENTENCES = {
    "(deployment {id}) deployment failed",
    "circuit breaker",
    "rolling back to deployment {id}",
    "unable to consistently start tasks",
    "has reached a steady state",
    "not found",
    "health checks",
    "Scaling activity",
    "ECS Task State Change",
    "ECS Deployment State Change",
    "ACM Certificate Approaching Expiration",
    "ACM Certificate Expired",
    "Deployment finished",
    "incident = :incident AND begins_with(#item, :items)",
    "#item = :record AND #state = :closed",
    "text/html; charset=utf-8",
    "text/css; charset=utf-8",
    "text/markdown; charset=utf-8",
    'inline; filename="incident.md"',
    "public, max-age=3600",
    "ruled out",
    "not fixed",
    "not undone",
    "look again",
    "ADD #count :one, #told :told SET ",
    "NOT contains(#told, :once)",
    "Not started",  # a metric
    "---Output truncated---",  # Systems Manager's
    "Build Cache",  # docker's, as the next one
    "Local Volumes",
    ": scanOnPush false",  # AWS's own words, as the next two
    ": assignPublicIp ENABLED",
    "ActionsEnabled false",
    "too large",  # a value of its dimension
}
LANGUAGE_FREE = {"UTC"}
CODE = sorted((ROOT / "functions").rglob("*.py"))
TEMPLATES = sorted(path for path in mail.TEMPLATES.iterdir() if path.suffix in (".html", ".md", ".txt"))


def sentences(node: ast.AST) -> Iterator[str]:
    """List the texts in code that look like sentences and are not said: no docstrings, patterns, developers' errors."""
    for child in ast.iter_child_nodes(node):
        called = _called(child.exc if isinstance(child, ast.Raise) else child)
        if called in NOT_FOR_PEOPLE | DECLARING or (isinstance(child, ast.Expr) and _is_text(child.value)):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and SENTENCE.search(child.value):
            yield child.value
        if isinstance(child, ast.Call):
            child.args = child.args[SAYING.get(called, 0) :]
        yield from sentences(child)


def _called(node: ast.AST | None) -> str:
    """Name what is called: a function, or the object that it is of."""
    function = node.func if isinstance(node, ast.Call) else None
    named = function.value if isinstance(function, ast.Attribute) else function
    return named.id if isinstance(named, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def constants(node: nodes.Node) -> Iterator[str]:
    """List the texts in a template's expressions that look like sentences and are not said."""
    for child in node.iter_child_nodes():
        called = child.node.name if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) else ""
        if called in TRANSLATING or (isinstance(child, nodes.Filter) and child.name == "said"):
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str) and SENTENCE.search(child.value):
            yield child.value
        yield from constants(child)


class Shown(HTMLParser):
    """Gathers what a page shows or has read out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Gather text."""
        self.texts.append(data)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather what attributes say."""
        self.texts += [value or "" for name, value in attrs if name in READ_ATTRIBUTES]


def shown(template: str, text: str) -> str:
    """Return what stands in a template itself, outside of expressions and {% trans %}."""
    rest = SYNTAX.sub(" ", text)
    if not template.endswith(".html"):
        return rest
    page = Shown()
    page.feed(rest)
    return " ".join(page.texts)


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT / "functions").as_posix())
def test_every_sentence_in_code_is_a_message(path: Path) -> None:
    assert set(sentences(ast.parse(path.read_text(encoding="utf-8")))) <= NO_SENTENCES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_is_in_a_message(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(WORD.findall(shown(path.name, text))) <= LANGUAGE_FREE
    assert set(constants(mail.templates().parse(text))) <= NO_SENTENCES
