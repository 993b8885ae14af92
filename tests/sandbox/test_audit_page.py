"""The audit's report in a real browser: for everybody, on a phone, on paper."""

from collections.abc import Iterator
from typing import get_args

import pytest

from functions.core import published
from sandbox.browser import DESKTOP, PHONE, Browser, Device, Scheme, accessibility
from tests.functions.core.test_published import report

LONG = "arn:aws:rds:us-east-1:123456789012:db:" + "a-database-with-a-name-that-does-not-end-" * 5
PAPER = Device(794, 1123, scale=1, mobile=False)  # A4 at 96 dots an inch


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all tests here."""
    with Browser.start() as started:
        yield started


@pytest.fixture(scope="module")
def page() -> str:
    """A report with all that one may have, and a name that is longer than a phone is wide."""
    rows = report().model_dump()["rows"]
    rows[0]["reasons"][0]["evidence"] = [LONG]
    return published.pages(report(rows=rows, seen={"databases us-east-2": LONG}))["html"]


@pytest.mark.parametrize("scheme", get_args(Scheme))
@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_everybody_can_read_it(browser: Browser, page: str, device: Device, scheme: Scheme) -> None:
    with browser.page(device, scheme=scheme) as opened:
        opened.set_content(page)
        assert accessibility(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_needs_no_javascript(browser: Browser, page: str) -> None:
    with browser.page(javascript=False) as opened:
        opened.set_content(page)
        assert opened.get_by_role("heading", level=1).inner_text() == "Huntaze: Ready to launch"
        assert opened.get_by_role("link", name="Network").first.get_attribute("href") == "#network"


def test_on_paper_it_is_black_on_white_and_all_of_it_is_there(browser: Browser, page: str) -> None:
    with browser.page(PAPER, scheme="dark") as opened:
        opened.set_content(page)
        on_screen = opened.inner_text("main")
        opened.emulate_media(media="print")
        assert opened.inner_text("main") == on_screen
        assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert opened.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
