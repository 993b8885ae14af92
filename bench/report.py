"""What a measurement says: figures beside what they are compared with, as plain aligned tables."""

import operator
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from rich.console import Console
from rich.table import Table

Format = Callable[[float], str]
Row = Sequence[str]
YES, NO = "yes", "no"


class Report(NamedTuple):
    """One table, and what has to be known to read it."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = ()


def compared(against: str) -> Sequence[str]:
    """Return the headings of a table whose rows compare two figures."""
    return ("", "measured", against, "ratio", "aim", "met")


def seconds(value: float) -> str:
    """Write a duration in seconds."""
    return f"{value:.2f} s"


def milliseconds(value: float) -> str:
    """Write a duration, given in seconds, in milliseconds."""
    return f"{value * 1000:.0f} ms"


def megabytes(value: float) -> str:
    """Write a size, given in bytes, in megabytes."""
    return f"{value / 1024**2:.1f} MB"


def size(value: float) -> str:
    """Write a size in bytes."""
    return f"{value:,.0f} B"


def dollars(value: float) -> str:
    """Write a price."""
    return f"${value:.6f}"


def times(value: float) -> str:
    """Write a ratio."""
    return f"{value:.2f} x"


def row(
    what: str,
    measured: float,
    comparison: float,
    unit: Format,
    aim: float | None = None,
    *,
    better: Literal["lower", "higher"] = "lower",
) -> Row:
    """Compare two figures of the same unit.

    Args:
        what: the line's name.
        measured: ours.
        comparison: what it is compared with.
        unit: writes both.
        aim: what the ratio should at most be, or at least.
        better: lower: the ratio is measured to comparison, and the aim its upper bound; higher: the other way round.
    """
    reached, sign = (operator.le, "≤") if better == "lower" else (operator.ge, "≥")
    ratio = measured / comparison if better == "lower" else comparison / measured
    verdict = ("", "") if aim is None else (f"{sign} {aim:g} x", YES if reached(round(ratio, 2), aim) else NO)
    return (what, unit(measured), unit(comparison), times(ratio), *verdict)


def show(console: Console, report: Report) -> None:
    """Print one table."""
    table = Table(title=report.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, heading in enumerate(report.headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for one in report.rows:
        table.add_row(*one)
    console.print(table)
    for note in report.notes:
        console.print(f"  {note}", style="dim")
    console.print()
