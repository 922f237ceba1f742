"""Assertions on the notices at the top of a page, on either line."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from astro_runtime_plugin.notices.notice import LEVELS, Notice
from testing.browser import FOOTER, background, box
from testing.web.notice_stub import NoticeStub, info_notice
from testing.web.web_server import WebServer

NOTICE = "#astro-runtime-notices [data-notice]"
HOUR = 60 * 60 * 1000  # ms
SET_HIDDEN = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
# What a page's own timers throw, such as jQuery's report that a ready handler failed, would be fast_forward's error.
RUN_DUE_TIMERS = "() => new Promise(resolve => setTimeout(resolve, 100))"
SAFE_URLS = (
    'https://example.com/releases?of=3.3&why="yanked"',
    "http://example.com/",
    "HTTPS://EXAMPLE.COM/",
)
UNSAFE_URLS = (
    None,
    "",
    "javascript:alert(1)",
    "JavaScript://example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "//example.com/",
    "/home",
    "xhttps://example.com/",
    " https://example.com/",
)


def open_with_notices(page: Page, server: WebServer, path: str) -> None:
    """Open a page, and return when its notices are there: they move what lies below, such as a menu under the mouse."""
    page.goto(server.url + path)
    notices = page.request.get(f"{server.url}/astro-runtime/api/notices").json()["notices"]
    expect(page.locator(NOTICE)).to_have_count(len(notices))


def assert_only_http_urls_become_links(page: Page, url: str) -> None:
    """Assert that a notice links to an http(s) URL, in a new tab, and to nothing else."""
    urls = {str(number): target for number, target in enumerate((*SAFE_URLS, *UNSAFE_URLS))}
    stub = NoticeStub(page)
    stub.notices = [Notice(id=id_, level="info", text="text", url=target) for id_, target in urls.items()]
    page.goto(url)
    expect(page.locator(NOTICE)).to_have_count(len(urls))
    for id_, target in urls.items():
        link = page.locator(f'{NOTICE}[data-notice="{id_}"]').locator("a")
        expect(link).to_have_count(1 if target in SAFE_URLS else 0)
        if target in SAFE_URLS:
            expect(link).to_have_text("Read more")
            expect(link).to_be_visible()
            attributes = {name: link.get_attribute(name) for name in ("href", "target", "rel")}
            assert attributes == {"href": target, "target": "_blank", "rel": "noopener noreferrer"}


def assert_each_level_has_its_colour_and_role(page: Page, url: str) -> None:
    """Assert that the levels differ in colour, that critical is red, and that screen readers announce them."""
    stub = NoticeStub(page)
    stub.notices = [Notice.model_validate({"id": level, "level": level, "text": level}) for level in LEVELS]
    page.goto(url)
    expect(page.locator(NOTICE)).to_have_text([f"{level}×" for level in LEVELS])
    notices = page.locator(NOTICE).all()
    assert [notice.get_attribute("data-level") for notice in notices] == [*LEVELS]
    assert [notice.get_attribute("role") for notice in notices] == ["alert", "alert", "status"]
    colours = [background(notice) for notice in notices]
    assert len(set(colours)) == len(LEVELS)
    red, green, blue = colours[0]
    assert red > green + 10
    assert abs(green - blue) < 5


def assert_open_page_refreshes_hourly(page: Page, url: str) -> None:
    """Assert that an open page requests the notices each hour, and redraws only what has changed."""
    stub = NoticeStub(page)
    notices = page.locator(NOTICE)
    page.clock.install()
    stub.notices, stub.days = [info_notice("first")], 1
    page.goto(url)
    button = notices.filter(has_text="first").get_by_role("button", name="Dismiss for 1 day", exact=True)
    button.focus()
    page.evaluate(RUN_DUE_TIMERS)
    with page.expect_response("**/astro-runtime/api/notices"):
        page.clock.fast_forward(HOUR)
    expect(button).to_be_focused()
    stub.notices, stub.days = [info_notice("second")], 0
    page.clock.fast_forward(HOUR)
    expect(notices).to_have_text("second×")
    expect(notices.get_by_role("button", name="Dismiss", exact=True)).to_be_visible()
    assert stub.requests == 3


def assert_hidden_page_does_not_refresh(page: Page, url: str) -> None:
    """Assert that a hidden page requests nothing until it is visible again, and then only after an hour."""
    stub = NoticeStub(page)
    notices = page.locator(NOTICE)
    page.clock.install()
    stub.notices = [info_notice("first")]
    page.goto(url)
    expect(notices).to_have_text("first×")
    page.evaluate(RUN_DUE_TIMERS)
    page.evaluate(SET_HIDDEN, True)
    stub.notices = [info_notice("too early")]
    page.evaluate(SET_HIDDEN, False)
    page.evaluate(SET_HIDDEN, True)
    stub.notices = [info_notice("hidden")]
    page.clock.fast_forward(2 * HOUR)
    stub.notices = []
    page.evaluate(SET_HIDDEN, False)
    expect(notices).to_have_count(0)
    assert stub.requests == 2


def assert_dismissal_is_per_user(page: Page, page_of_another_user: Page, url: str) -> None:
    """Assert that a notice is visible and covers nothing, and that its dismissal hides it from that user only."""
    page.goto(url)
    notices = page.locator(NOTICE)
    expect(notices.filter(has_text="maintenance")).to_have_attribute("data-level", "warning")
    _, top, _, bottom = box(notices.first)
    assert top >= 0
    assert bottom <= box(page.locator(FOOTER))[1]
    identifier = notices.filter(has_text="maintenance").get_attribute("data-notice")
    notice = page.locator(f'{NOTICE}[data-notice="{identifier}"]')
    with page.expect_response(lambda response: response.request.method == "POST") as dismissal:
        notice.get_by_role("button", name="Dismiss for 5 days").click()
    assert dismissal.value.status == 204
    expect(notice).to_have_count(0)
    page.reload()
    page.locator(FOOTER).wait_for()
    page.wait_for_load_state("networkidle")
    expect(notice).to_have_count(0)
    page_of_another_user.goto(url)
    expect(page_of_another_user.locator(f'{NOTICE}[data-notice="{identifier}"]')).to_have_count(1)
