import gettext
import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog, Message

from functions.core.template import NAME
from messages import files
from messages.collect import collected
from statemachines.model import Service

REMEDY = "; run: make messages"
HOLES = re.compile(rf"{NAME.pattern}|%\(\w+\)s")
LANGUAGES = sorted(files.languages())


@pytest.fixture(scope="module")
def said() -> Catalog:
    """What is said now."""
    return collected()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of catalogues with one language, of which nothing is translated."""
    monkeypatch.setattr(files, "LOCALES", tmp_path)
    monkeypatch.setattr(files, "TEMPLATE", tmp_path / "messages.pot")
    target = tmp_path / "fr" / "LC_MESSAGES"
    target.mkdir(parents=True)
    (target / "messages.po").touch()
    return tmp_path


def small(*messages: str | tuple[str, str]) -> Catalog:
    """Make messages, as if they had been collected."""
    catalog = Catalog(charset="utf-8")
    for message in messages:
        catalog.add(message, locations=[("functions/one.py", 7)])
    return catalog


def translate(folder: Path, old: str, new: str) -> None:
    """Do a translator's work on the first message that is not translated."""
    path = folder / "fr" / "LC_MESSAGES" / "messages.po"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*o*") if path.is_file()}


def names(catalog: Catalog) -> set[object]:
    return {message.id for message in catalog if message.id}


def translations(language: str) -> list[Message]:
    return [message for message in files.read(language) if message.id]


def test_the_messages_in_the_repository_are_those_that_are_said_now(said: Catalog, folder: Path) -> None:
    committed = (Path(__file__).parents[2] / "functions" / "locales" / "messages.pot").read_text(encoding="utf-8")
    files.update(said)
    assert committed == (folder / "messages.pot").read_text(encoding="utf-8"), f"messages.pot is old{REMEDY}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_message_and_no_other(said: Catalog, language: str) -> None:
    assert names(files.read(language)) == names(said), REMEDY


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    assert [message.id for message in files.untranslated(files.read(language))] == []
    assert [message.id for message in translations(language) if message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_holes_of_its_message(language: str) -> None:
    for message in translations(language):
        for form in files.forms(message.string):
            holes = [sorted(HOLES.findall(one)) for one in (files.forms(message.id)[-1], form)]
            assert holes[0] == holes[1], f"{language}: {form}"
            assert form.count("{") == form.count("}") == files.forms(message.id)[-1].count("{"), f"{language}: {form}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_ends_as_its_message(language: str) -> None:
    for message in translations(language):
        for form in files.forms(message.string):
            ends = [re.search(r"[.?!…:]?\s*$", one) for one in (files.forms(message.id)[0], form)]
            assert [end and end[0] for end in ends] == [ends[0] and ends[0][0]] * 2, f"{language}: {form}"


def test_french_apostrophes_are_one_kind() -> None:
    assert [
        form for message in translations("fr") for form in files.forms(message.string) if "\N{APOSTROPHE}" in form
    ] == []


def test_a_service_may_have_every_language_that_has_a_catalogue() -> None:
    assert set(get_args(Service.model_fields["language"].annotation)) == {"en", *LANGUAGES}


def test_collecting_again_changes_nothing(folder: Path) -> None:
    files.update(small("one", ("{count} thing", "{count} things")))
    first = everything(folder)
    assert first.keys() == {"messages.pot", "fr/LC_MESSAGES/messages.po"}
    files.update(small("one", ("{count} thing", "{count} things")))
    assert everything(folder) == first


def test_where_a_message_stands_in_its_file_makes_no_difference(folder: Path) -> None:
    files.update(small("one"))
    assert b"#: functions/one.py\n" in (folder / "messages.pot").read_bytes()


def test_what_is_said_no_more_is_forgotten_and_what_is_new_waits_for_its_translation(folder: Path) -> None:
    files.update(small("one target", "two targets"))
    translate(folder, 'msgid "one target"\nmsgstr ""', 'msgid "one target"\nmsgstr "une cible"')
    files.update(small("one target", "one targets"))  # so much alike that fuzzy matching would translate it
    known = {message.id: message.string for message in files.read("fr") if message.id}
    assert known == {"one target": "une cible", "one targets": ""}
    assert [message.id for message in files.untranslated(files.read("fr"))] == ["one targets"]
    assert b"two" not in (folder / "fr" / "LC_MESSAGES" / "messages.po").read_bytes()


def test_a_language_s_file_tells_a_translator_s_editor_its_plurals(folder: Path) -> None:
    files.update(small("one"))
    assert b"Plural-Forms: nplurals=2; plural=(n > 1)" in (folder / "fr" / "LC_MESSAGES" / "messages.po").read_bytes()


def test_a_missing_plural_is_not_translated(folder: Path) -> None:
    files.update(small(("{count} thing", "{count} things")))
    translate(folder, 'msgstr[0] ""', 'msgstr[0] "{count} chose"')
    assert files.untranslated(files.read("fr"))


def test_compiled_messages_are_what_gettext_reads(folder: Path, tmp_path: Path) -> None:
    files.update(small(("{count} thing", "{count} things"), "one"))
    translate(folder, 'msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "{count} chose"\nmsgstr[1] "{count} choses"')
    files.compile_into(tmp_path / "compiled")
    french = gettext.translation("messages", tmp_path / "compiled", ["fr"])
    assert [french.ngettext("{count} thing", "{count} things", count) for count in (0, 1, 2)] == [
        "{count} chose",
        "{count} chose",
        "{count} choses",
    ]
    assert french.gettext("one") == "one"


def test_compiling_again_makes_the_same_bytes(tmp_path: Path) -> None:
    files.compile_into(tmp_path / "1")
    files.compile_into(tmp_path / "2")
    assert everything(tmp_path / "1") == everything(tmp_path / "2")
    assert all(b"Date: 2000-01-01" in compiled for compiled in everything(tmp_path / "1").values())  # not today's
    assert everything(tmp_path / "1").keys() == {f"{language}/LC_MESSAGES/messages.mo" for language in LANGUAGES}
