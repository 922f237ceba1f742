"""Fixtures for one browser and its users; the `conftest.py` of each line imports them.

Their scope is the package, not the session: while Playwright runs, no other test can run an event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from testing.browser import FOOTER, WINDOW, chromium
from testing.web.airflow_home import PASSWORD
from testing.web.web_server import WebServer

SignIn = Callable[[WebServer, str], Page]
OpenPage = Callable[[str], Page]
PAGE_TIMEOUT = 180_000  # ms: how long a busy machine may take for a page


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PAGE_TIMEOUT)
    with chromium() as running_browser:
        yield running_browser


@pytest.fixture(scope="package")
def contexts() -> dict[tuple[str, str], BrowserContext]:
    """The browser context of each user at each server's URL."""
    return {}


@pytest.fixture
def sign_in(browser: Browser, contexts: dict[tuple[str, str], BrowserContext]) -> Iterator[SignIn]:
    """Yield a function that opens a page as a user, who logs in once per server and keeps the browser's cache."""
    pages: list[Page] = []

    def sign_in_as(server: WebServer, user: str) -> Page:
        is_new = (server.url, user) not in contexts
        if is_new:
            contexts[server.url, user] = browser.new_context(viewport=WINDOW)
            contexts[server.url, user].set_default_timeout(PAGE_TIMEOUT)
        page = contexts[server.url, user].new_page()
        pages.append(page)
        if is_new:
            log_in(page, server, user)
        return page

    yield sign_in_as
    for page in pages:
        page.close()


@pytest.fixture
def open_page(server: WebServer, sign_in: SignIn) -> Iterator[OpenPage]:
    """Yield a function that opens a path with the footer on it; the browser's local storage is cleared afterwards."""
    page = sign_in(server, "ann")

    def open_path(path: str) -> Page:
        page.goto(server.url + path)
        expect(page.locator(FOOTER)).to_be_visible()
        return page

    yield open_path
    page.evaluate("localStorage.clear()")


@pytest.fixture
def anonymous(browser: Browser) -> Iterator[Page]:
    """Yield a page of a visitor who is not logged in."""
    context = browser.new_context()
    context.set_default_timeout(PAGE_TIMEOUT)
    yield context.new_page()
    context.close()


def log_in(page: Page, server: WebServer, user: str) -> None:
    """Log in with the form."""
    page.goto(server.url + server.login)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(server.url + server.home)
