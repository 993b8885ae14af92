from io import StringIO

import pytest
from rich.console import Console

from bench.report import Report, compared, milliseconds, row, seconds, show, size


@pytest.mark.parametrize(
    ("measured", "comparison", "better", "expected"),
    [
        (0.5, 5.0, "higher", ("10.00 x", "≥ 10 x", "yes")),
        (0.6, 5.0, "higher", ("8.33 x", "≥ 10 x", "no")),
        (10.0, 1.0, "lower", ("10.00 x", "≤ 10 x", "yes")),
        (11.0, 1.0, "lower", ("11.00 x", "≤ 10 x", "no")),
    ],
)
def test_ratio_is_held_against_the_aim(
    measured: float, comparison: float, better: str, expected: tuple[str, str, str]
) -> None:
    assert tuple(row("it", measured, comparison, seconds, 10, better=better)[3:]) == expected  # type: ignore[arg-type]


def test_without_an_aim_nothing_is_judged() -> None:
    assert row("it", 0.25, 0.5, milliseconds) == ("it", "250 ms", "500 ms", "0.50 x", "", "")


def test_table_is_aligned_and_says_what_it_is() -> None:
    out = StringIO()
    rows = [row("a", 1, 2, size, 1.0), row("longer", 10_000, 2, size, 1.0)]
    show(Console(file=out, width=100), Report("Sizes", compared("others"), rows, ["What it is."]))
    title, headings, first, second, note = out.getvalue().splitlines()[:5]
    assert title.strip() == "Sizes"
    assert headings.split() == ["measured", "others", "ratio", "aim", "met"]
    assert first.rstrip().endswith("yes")
    assert second.rstrip().endswith("no")
    assert first.index(" 1 B") + len(" 1 B") == second.index("10,000 B") + len("10,000 B")
    assert note.strip() == "What it is."
