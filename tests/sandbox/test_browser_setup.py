"""The browser is the one that the set-up unpacked, and needs nothing of the machine but its C library."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox.browser
from sandbox.browser import NODE, UNPACKED, Browser, BrowserMissing

TEXT = "<body style='font-family: system-ui'><p>Raise</p><p>→</p><code style='font-family: monospace'>1 → 2</code>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with Browser.start() as started:
        yield started


def children(process: str) -> list[str]:
    """Return the numbers of the processes that a process has started."""
    return " ".join(path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")).split()


def program(process: str) -> Path:
    """Return the file that a process runs."""
    return Path(f"/proc/{process}/exe").resolve()


def files(process: str) -> set[Path]:
    """Return the files, libraries among them, that a process has mapped."""
    return {Path(line.split()[-1]) for line in Path(f"/proc/{process}/maps").read_text().splitlines()}


@pytest.mark.usefixtures("browser")
def test_libraries_are_its_own() -> None:
    brought = {path.name for path in (UNPACKED / "al2023" / "lib").iterdir()}
    drivers = [child for child in children("self") if program(child) == NODE.resolve()]  # jsii may run one too
    grandchildren = [child for driver in drivers for child in children(driver)]
    chromium = next(child for child in grandchildren if program(child) == UNPACKED / "chromium")
    loaded = {path for path in files(chromium) if path.name in brought}
    assert {"libnss3.so", "libexpat.so.1"} <= {path.name for path in loaded}
    assert {path.parent for path in loaded} == {UNPACKED / "al2023" / "lib"}


@pytest.mark.parametrize(
    ("element", "font"),
    [("p:first-child", "Open Sans"), ("p:nth-child(2)", "DejaVu Sans"), ("code", "DejaVu Sans Mono")],
)
def test_fonts_are_its_own(browser: Browser, element: str, font: str) -> None:
    with browser.page() as page:
        page.set_content(TEXT)
        session = page.context.new_cdp_session(page)
        for domain in ("DOM", "CSS"):
            session.send(f"{domain}.enable")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": element})
        fonts = session.send("CSS.getPlatformFontsForNode", node)["fonts"]
        assert [one["familyName"] for one in fonts] == [font]


@pytest.mark.parametrize("part", ["_EXECUTABLE", "_AXE"])
def test_missing_part_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: str) -> None:
    monkeypatch.setattr(sandbox.browser, part, tmp_path / "gone")
    with pytest.raises(BrowserMissing, match=r"gone is missing: run `make setup`"), Browser.start():
        pass
