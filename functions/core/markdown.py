"""Text in Markdown that stays text, whatever signs it holds."""

import re
from functools import cache
from typing import Any

from jinja2 import Environment

from functions.core import mail
from functions.core.redaction import redact
from functions.core.results import READ_LENGTH

LENGTH = 1000
NO_BREAK = "\u00a0\u202f"  # which French has before its colons
# What means something within a line; an underscore inside of a word means nothing
SIGNS = re.compile(r"(?<=[A-Za-z0-9])_+(?=[A-Za-z0-9])|(?P<sign>[\\`*_\[\]<>&|~#$])")
START = re.compile(r"(?P<number>[0-9]*)(?P<sign>(?<![0-9])[-+=]|(?<=[0-9])[.)])")  # or where a line begins


def plain(value: object) -> str:
    """Write a value as one line of Markdown that reads as the value does: redacted, bounded, every sign of it text.

    By CommonMark's rule that a backslash before a punctuation mark makes it a letter.
    """
    whole = str(value)
    text = redact(_line(whole[:READ_LENGTH]))
    cut = text if len(text) <= LENGTH and len(whole) <= READ_LENGTH else f"{text[:LENGTH]}…"
    escaped = SIGNS.sub(lambda found: f"\\{found['sign']}" if found["sign"] else found.group(), cut)
    start = START.match(escaped)
    return f"{start['number']}\\{escaped[start.start('sign') :]}" if start else escaped


def rendered(template: str, **values: Any) -> str:
    """Fill a Markdown template in: of every expression in it the text is shown, with one empty line at most."""
    text = _templates(mail.templates()).get_template(template).render(values)
    return re.sub(r"\n{3,}", "\n\n", f"{text.strip()}\n")


@cache
def _templates(templates: Environment) -> Environment:
    return templates.overlay(finalize=plain)


def _line(text: str) -> str:
    """Make one line of a text: of several, one could pass for a line of ours."""
    shown = "".join(sign if sign.isprintable() or sign in NO_BREAK else " " for sign in text)
    return re.sub(" +", " ", shown).strip(f" {NO_BREAK}")
