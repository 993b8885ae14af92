"""The catalogues' files: what is said (.pot), each language's translations (.po), what functions read (.mo)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

LOCALES = Path(__file__).parent.parent / "functions" / "locales"
TEMPLATE = LOCALES / "messages.pot"
ONCE = datetime(2000, 1, 1, tzinfo=UTC)  # a date is asked for, and the bytes are to be the same every time
HEADER = """\
msgid ""
msgstr ""
{language}"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
LANGUAGE = """\
"Language: {0.locale}\\n"
"Plural-Forms: {0.plural_forms}\\n"
"""


def languages() -> dict[str, Path]:
    """Return the file of each language; English has none, because its texts are the messages' names."""
    return {path.parts[-3]: path for path in sorted(LOCALES.glob("*/LC_MESSAGES/messages.po"))}


def read(language: str) -> Catalog:
    """Read a language's translations."""
    with languages()[language].open("rb") as file:
        return read_po(file, locale=language, charset="utf-8", abort_invalid=True)


def untranslated(messages: Catalog) -> list[Message]:
    """List the messages that have no translation, or lack one for a plural."""
    return [one for one in messages if one.id and not all(forms(one.string))]


def forms(text: str | Iterable[str | None] | None) -> list[str]:
    """List the forms of a message or of its translation: one, or one for each plural."""
    return [text or ""] if isinstance(text, str | None) else [form or "" for form in text]


def update(said: Catalog) -> None:
    """Write what is said now, and merge it into every language: what is new waits there, what is said no more goes."""
    TEMPLATE.write_bytes(_written(said))
    for language, path in languages().items():
        translations = read(language)
        translations.update(said, no_fuzzy_matching=True)
        path.write_bytes(_written(translations))


def compile_into(folder: Path) -> None:
    """Compile every language into a folder where gettext finds it: LANGUAGE/LC_MESSAGES/messages.mo."""
    for language, path in languages().items():
        translations = read(language)
        translations.creation_date = ONCE
        target = (folder / path.relative_to(LOCALES)).with_suffix(".mo")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            write_mo(file, translations)


def _written(messages: Catalog) -> bytes:
    """Write messages without dates and line numbers, so that only what they say makes a difference."""
    language = LANGUAGE.format(messages) if messages.locale else ""
    file = BytesIO(HEADER.format(language=language).encode())
    file.seek(0, 2)
    write_po(file, messages, width=0, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return file.getvalue().rstrip(b"\n") + b"\n"
