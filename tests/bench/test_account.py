from pathlib import Path

import pytest

from bench import account
from cli import common
from functions.core import language
from functions.core.listed import told


@pytest.mark.parametrize("code", ["en", "fr"])
def test_what_was_cut_short_is_told_in_either_language(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "LOCALES", language.LOCALES)
    monkeypatch.setenv("SERVICE_LANGUAGE", code)
    common.speak(code, tmp_path)
    language.catalogue.cache_clear()
    seen = {"users": told("500 users", whole=False), "queues": told("2 queues", whole=True)}
    assert account._cut(seen) == "yes: users"  # noqa: SLF001 (what the table says)
    assert account._cut({"queues": seen["queues"]}) == "no"  # noqa: SLF001
    language.catalogue.cache_clear()
