"""The service's language: every text that a person reads comes from a message catalogue.

The English text is the message's name; `make messages` collects them all into functions/locales.
"""

import gettext
import os
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locales"
SOURCE = "en"


def code() -> str:
    """Return the language of everything that this function says, as in `<html lang>`."""
    return os.environ.get("SERVICE_LANGUAGE", SOURCE)


def say(message: str, /, **values: object) -> str:
    """Say a message in the service's language, with values in its braces: `say("{count} targets", count=2)`."""
    return translated(message).format(**values)


def say_many(one: str, many: str, /, count: int, **values: object) -> str:
    """Say the form of a message that fits the count."""
    return catalogue(code()).ngettext(one, many, count).format(count=count, **values)


def marked(message: str) -> str:
    """Mark a message that is said elsewhere, so that it is collected too."""
    return message


def translated(message: str) -> str:
    """Say a message that was marked, or stands in a runbook, a check's signals or a fix's texts; braces stay."""
    return catalogue(code()).gettext(message) if message else ""


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Read the messages of a language.

    Raises:
        FileNotFoundError: when there are none.
    """
    return gettext.NullTranslations() if language == SOURCE else gettext.translation("messages", LOCALES, [language])
