"""The browser shows pages as a phone and a desktop do, and axe-core judges them."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Error

from sandbox.browser import DESKTOP, PHONE, Browser, Device, Scheme, accessibility
from sandbox.http_server import HttpServer, Response, read_only

STYLE = """
body { color: #111; background: #fff; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111; } }
.faint { color: #ccc; background: #fff; }
"""
GOOD = "<label>Reason <input name=reason></label>"
BAD = "<p class=faint>Hardly there</p><input name=reason>"
UNDECIDED = "<p style='background: linear-gradient(#fff, #000)'>On which background?</p>"
HEADERS = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
STRICT = {**HEADERS, "Content-Security-Policy": "default-src 'none'; style-src 'self'"}


def document(body: str, script: str = "") -> bytes:
    """Return a page in English that is fine but for its body."""
    head = "<meta name=viewport content='width=device-width'><title>Approval</title>"
    style = "<link rel=stylesheet href=/style.css>"
    return f"<!doctype html><html lang=en>{head}{style}{script}<main><h1>Plan</h1>{body}</main></html>".encode()


def respond(request: BaseHTTPRequestHandler) -> Response:
    """Serve the pages of these tests."""
    script = "<script>document.title = navigator.language</script>"
    return read_only(
        request,
        {
            "/good": lambda: Response(200, document(GOOD), STRICT),
            "/bad": lambda: Response(200, document(BAD), STRICT),
            "/undecided": lambda: Response(200, document(UNDECIDED), HEADERS),
            "/script": lambda: Response(200, document(GOOD, script), HEADERS),
            "/language": lambda: Response(200, document(request.headers["Accept-Language"]), STRICT),
            "/style.css": lambda: Response(200, STYLE.encode(), {"Content-Type": "text/css"}),
        },
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of the pages."""
    server = HttpServer("pages", respond)
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with Browser.start() as started:
        yield started


@pytest.mark.parametrize("device", [PHONE, DESKTOP])
def test_page_is_as_large_and_sharp_as_the_device(browser: Browser, address: str, device: Device) -> None:
    with browser.page(device) as page:
        page.goto(f"{address}/good")
        assert page.title() == "Approval"
        assert page.evaluate("[innerWidth, innerHeight, devicePixelRatio]") == [*device[:3]]
        assert page.evaluate("matchMedia('(pointer: coarse)').matches") is device.mobile


@pytest.mark.parametrize(("device", "width"), [(PHONE, 980), (DESKTOP, 1280)])
def test_page_that_does_not_fit_itself_to_a_phone_is_shrunk(browser: Browser, device: Device, width: int) -> None:
    with browser.page(device) as page:
        page.set_content("<!doctype html><title>No viewport</title>")
        assert page.evaluate("innerWidth") == width


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(17, 17, 17)")])
def test_page_is_light_or_dark(browser: Browser, address: str, scheme: Scheme, ground: str) -> None:
    with browser.page(scheme=scheme) as page:
        page.goto(f"{address}/good")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_scripts_run_in_the_language(browser: Browser, address: str) -> None:
    with browser.page(locale="fr-FR") as page:
        page.goto(f"{address}/script")
        assert page.title() == "fr-FR"


def test_javascript_off_is_really_off(browser: Browser, address: str) -> None:
    with browser.page(javascript=False) as page:
        page.goto(f"{address}/script")
        assert page.title() == "Approval"


def test_server_is_asked_in_the_language(browser: Browser, address: str) -> None:
    with browser.page(javascript=False, locale="fr-FR") as page:
        page.goto(f"{address}/language")
        assert page.locator("main").inner_text().endswith("fr-FR")


def test_page_closes_with_its_context(browser: Browser) -> None:
    with browser.page() as page:
        pass
    assert page.is_closed()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_nothing_but_127_0_0_1_is_reached(browser: Browser, address: str, host: str) -> None:
    with browser.page() as page, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(f"{address.replace('127.0.0.1', host)}/good")


def test_axe_passes_a_good_page(browser: Browser, address: str) -> None:
    with browser.page() as page:
        page.goto(f"{address}/good")
        assert accessibility(page) == []


def test_axe_finds_what_is_wrong_under_a_strict_policy(browser: Browser, address: str) -> None:
    with browser.page() as page:
        page.goto(f"{address}/bad")
        contrast, label = sorted(accessibility(page))
        assert contrast.startswith("color-contrast: p: Elements must meet")
        assert label == "label: input: Form elements must have labels"


def test_what_axe_cannot_decide_is_not_fine(browser: Browser, address: str) -> None:
    with browser.page() as page:
        page.goto(f"{address}/undecided")
        assert [line.partition(":")[0] for line in accessibility(page)] == ["color-contrast"]


def test_axe_says_that_it_needs_javascript(browser: Browser, address: str) -> None:
    with browser.page(javascript=False) as page:
        page.goto(f"{address}/good")
        with pytest.raises(ValueError, match=r"/good without JavaScript: open the page with javascript=True"):
            accessibility(page)
