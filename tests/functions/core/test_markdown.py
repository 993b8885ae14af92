import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core import markdown
from functions.core.redaction import redact
from tests.functions import parsed

PLACES = [
    "{}",
    "- {}",
    "### {}",
    "1. {}",
    "> {}",
    "**Cause:** {}",
    "“{}”",
    "*a* {} *b*",
    "- a\n  - {}",
    "a\n\n{}\n\nb",
    "a\n{}",
    "| a | b |\n|---|---|\n| {} | c |",
]


@given(parsed.nasty, st.sampled_from(PLACES))
def test_whatever_a_text_holds_it_is_that_text_and_nothing_else(text: str, place: str) -> None:
    written = markdown.plain(text)
    assert "\n" not in written
    assert parsed.structure(place.format(written)) == parsed.structure(place.format("x"))
    told, shown = parsed.texts(place.format("X")), parsed.texts(place.format(written))
    assert shown == [parsed.line(one.replace("X", redact(parsed.line(text)))) for one in told]


@pytest.mark.parametrize("piece", parsed.PIECES, ids=repr)
@pytest.mark.parametrize("place", PLACES, ids=repr)
def test_each_piece_of_markdown_is_only_text(piece: str, place: str) -> None:
    for text in (piece, f"{piece}x", f"{piece}x{piece}", f"x {piece}x{piece} x"):
        if parsed.line(text):
            assert parsed.structure(place.format(markdown.plain(text))) == parsed.structure(place.format("x"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("user_service on 0.0.0.0:3000 (503)", "user_service on 0.0.0.0:3000 (503)"),
        ("2026-11-21 08:00", "2026-11-21 08:00"),
        ("1.5 GB", "1\\.5 GB"),
        ("12) x", "12\\) x"),
        ("- x", "\\- x"),
        ("# x", "\\# x"),
        ("_a_ b_c __d", "\\_a\\_ b_c \\_\\_d"),
        ("[a](http://b)", "\\[a\\](http://b)"),
        ("one\n## two\r\n\u2028three\tfour", "one \\#\\# two three four"),
        ("Problème\u00a0: x", "Problème\u00a0: x"),
        ("a\u202eb\x1b[31m", "a b \\[31m"),
        (3, "3"),
    ],
)
def test_how_it_is_written(text: object, written: str) -> None:
    assert markdown.plain(text) == written


def test_secrets_are_struck_out() -> None:
    assert markdown.plain("password=hunter22 x") == "password=\\[redacted\\] x"


def test_a_megabyte_is_cut() -> None:
    assert markdown.plain("x" * 1_000_000) == "x" * markdown.LENGTH + "…"
