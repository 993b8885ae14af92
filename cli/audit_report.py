"""An audit's report on this machine: written to build/audit, and shown in the terminal."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from functions.core.readiness import Report
from statemachines.model import Service

FOLDER = Path(__file__).parent.parent / "build" / "audit"
STYLES = {"NOK": "red", "TODO": "yellow", "OK": "green"}


def last(service: Service) -> dict[str, Any] | None:
    """Read the report of the last run here; None where there was none, or it was stopped while it wrote."""
    try:
        known: dict[str, Any] = json.loads((FOLDER / f"{service.name}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return known


def write(service: Service, pages: Mapping[str, str]) -> Path:
    """Write a report's forms (see published.pages), and return the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for ending, text in pages.items():
        (FOLDER / f"{service.name}.{ending}").write_text(text, encoding="utf-8")
    return FOLDER / f"{service.name}.html"


def show(report: Report, page: Path) -> None:
    """Print a line for each row, with what is wrong, and where the page is."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in report.rows:
        missing = [*row.nothing, *(f"{word.title} ({word.told})" for word in row.open)]
        unknown = [one.evidence[0] for one in row.answered(None)]
        lines = [*row.wrong.values(), *dict.fromkeys(unknown), *missing]
        table.add_row(f"[{STYLES[row.status]}]{row.status}[/]", f"[bold]{escape(row.title)}[/]")
        for line in lines if row.status != "OK" else []:
            table.add_row("", escape(line))
    console.print(table)
    console.print(f"\n{escape(report.title)}, {escape(report.audit)} [bold]{report.result}[/]")
    console.print(f"{page}", soft_wrap=True)
