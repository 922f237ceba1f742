"""Notices that a test serves to a page in place of the web server."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from astro_runtime_plugin.notices.notice import Notice


class NoticeStub:
    """Answers a page's requests for notices with `notices` and `days`, the days of a dismissal, and counts them."""

    def __init__(self, page: Page) -> None:
        self.notices: list[Notice] = []
        self.days = 0
        self.requests = 0
        page.goto("about:blank")  # the page after the login requests notices, too
        page.route("**/astro-runtime/api/notices", self._answer)

    def _answer(self, route: Route) -> None:
        self.requests += 1
        notices = [notice.model_dump() for notice in self.notices]
        route.fulfill(json={"notices": notices, "dismissal_days": self.days})


def info_notice(text: str) -> Notice:
    return Notice(id=text, level="info", text=text)
