"""What a page that stays open shows of the notices, on either line; its clock is the test's."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from astro_runtime_plugin.notices.notice import Notice
from testing.web.runtime_page import NOTICE

HOUR = 60 * 60 * 1000  # ms
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Notices:
    """Answers a page that asks for the notices: with those `said`, and for how many `days` one is dismissed."""

    def __init__(self, page: Page) -> None:
        self.said: list[Notice] = []
        self.days, self.asked = 0, 0
        page.goto("about:blank")  # the page that is open, such as that behind the log-in, asks, too
        page.route("**/astro-runtime/api/notices", self._answer)

    def _answer(self, route: Route) -> None:
        self.asked += 1
        said = [notice.model_dump() for notice in self.said]
        route.fulfill(json={"notices": said, "dismissal_days": self.days})


def info(text: str) -> Notice:
    """Return a notice of the lowest level."""
    return Notice(id=text, level="info", text=text)


def asks_again_each_hour(page: Page, url: str) -> None:
    """Check that an open page shows what is to be said now, without a word twice, and asks when it is looked at."""
    notices = Notices(page)
    shown = page.locator(NOTICE)
    page.clock.install()
    notices.said, notices.days = [info("first")], 1
    page.goto(url)
    button = shown.filter(has_text="first").get_by_role("button", name="Dismiss for 1 day", exact=True)
    button.focus()
    with page.expect_response("**/astro-runtime/api/notices"):
        page.clock.fast_forward(HOUR)
    expect(button).to_be_focused()
    notices.said, notices.days = [info("second")], 0
    page.clock.fast_forward(HOUR)
    expect(shown).to_have_text("second×")
    expect(shown.get_by_role("button", name="Dismiss", exact=True)).to_be_visible()
    assert notices.asked == 3


def asks_only_while_it_is_seen(page: Page, url: str) -> None:
    """Check that a hidden page asks nothing until it is seen again, and then only after an hour."""
    notices = Notices(page)
    shown = page.locator(NOTICE)
    page.clock.install()
    notices.said = [info("first")]
    page.goto(url)
    expect(shown).to_have_text("first×")
    page.evaluate(HIDE, True)
    notices.said = [info("too soon")]
    page.evaluate(HIDE, False)
    page.evaluate(HIDE, True)
    notices.said = [info("not seen")]
    page.clock.fast_forward(2 * HOUR)
    notices.said = []
    page.evaluate(HIDE, False)
    expect(shown).to_have_count(0)
    assert notices.asked == 2
