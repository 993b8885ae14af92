"""The page as people see it, in a real browser: on a phone, without JavaScript, judged by axe-core with it."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from playwright.sync_api import Page, expect

from sandbox.browser import DESKTOP, PHONE, Browser, accessibility
from sandbox.cloud import Sandbox
from sandbox.watch import run_out
from sandbox.world import World
from tests.system.run import SECONDS, Run
from tests.system.strict_app import AMEL, KARIM

Begin = Callable[[str], Run]
ONE, TWO, HIGH = "closed-port", "wrong-health-path", "detached"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with Browser.start() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone whose browser runs no scripts."""
    with browser.page(PHONE, javascript=False) as opened:
        yield opened


def approve(page: Page, run: Run, who: str) -> None:
    """Open somebody's link and press the button."""
    page.goto(run.links(who)[-1])
    page.get_by_role("button", name="Approve this change").click()


def test_approving_shows_the_live_timeline_until_the_report(begin: Begin, page: Page) -> None:
    run = begin(ONE)
    approve(page, run, AMEL)
    expect(page.get_by_text(f"Approved by {AMEL}", exact=False).first).to_be_visible()
    assert page.get_by_role("button").count() == 0
    assert run.end()["outcome"] == "recovered"
    expect(page.get_by_text("This page stays as the incident's report.")).to_be_visible(timeout=15_000)
    for line in ("Diagnosed: ", "Asked L1: ", "Approved by ", "Validated, fixed: ", "Closed: recovered"):
        expect(page.locator(".timeline li", has_text=line).first).to_be_visible()


def test_rejecting_needs_a_reason(begin: Begin, page: Page) -> None:
    run = begin(ONE)
    page.goto(run.links(AMEL)[0])
    page.get_by_role("button", name="Reject").click()
    assert run.question()["state"] == "pending"  # the browser itself asks for the field
    page.get_by_label("Reason, if you reject").fill("by daylight")
    page.get_by_label("Reason, if you reject").press("Enter")
    expect(page.get_by_text("by daylight").first).to_be_visible()
    assert run.end()["outcome"] == "rejected"


def test_second_person_completes_what_the_first_began(begin: Begin, page: Page) -> None:
    run = begin(TWO)
    approve(page, run, AMEL)
    expect(page.get_by_text("1 more person has to approve.")).to_be_visible()
    assert page.get_by_role("button", name="Approve this change").count() == 0
    approve(page, run, KARIM)
    assert run.end()["outcome"] == "recovered"


def test_high_risk_is_typed(begin: Begin, page: Page) -> None:
    run = begin(HIGH)
    for who in (AMEL, KARIM):
        page.goto(run.links(who)[0])
        page.get_by_label("The risk is high: type strict-bot to approve").fill("strict-bot")
        page.get_by_role("button", name="Approve this change").click()
    assert run.end()["outcome"] == "recovered"


def test_expired_question_says_so(sandbox: Sandbox, world: World, begin: Begin, page: Page) -> None:
    run = begin(ONE)
    for call in range(4):
        run_out(sandbox, run.execution)
        if call < 3:
            run.asked(level=(call + 1) // 2)
            world.wait_until(lambda call=call: run.question()["mailed"] == call + 1, SECONDS)  # type: ignore[misc]
    assert run.end()["outcome"] == "expired"
    page.goto(run.links(AMEL)[0])
    expect(page.get_by_text("Nobody decided in time.")).to_be_visible()


def test_withdrawn_question_says_so(sandbox: Sandbox, world: World, begin: Begin, page: Page) -> None:
    run = begin(ONE)
    sandbox.client("stepfunctions").stop_execution(executionArn=run.execution)
    world.wait_until(lambda: run.question()["state"] == "withdrawn", SECONDS)
    page.goto(run.links(AMEL)[0])
    expect(page.get_by_text("The question was withdrawn")).to_be_visible()
    assert page.get_by_role("button").count() == 0


@pytest.mark.parametrize(("device", "scheme"), list(product(("phone", "desktop"), ("light", "dark"))))
def test_page_is_accessible_and_fits(begin: Begin, browser: Browser, device: str, scheme: str) -> None:
    run = begin(HIGH)
    with browser.page({"phone": PHONE, "desktop": DESKTOP}[device], scheme=scheme) as page:  # type: ignore[arg-type]
        page.goto(run.links(AMEL)[0])
        for summary in page.locator("summary").all():
            summary.click()
        assert accessibility(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.goto(run.links(AMEL)[0][:-1])
        assert accessibility(page) == []
