"""One browser, and who looks at the pages with it. The `conftest.py` of each line imports these fixtures.

Of the package, not of the session: while Playwright runs, no other test could run an event loop of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from testing.browser import FOOTER, WINDOW, chromium
from testing.web.airflow_home import PASSWORD
from testing.web.web_server import Server

PATIENCE = 60_000  # ms: how long a busy machine may take over a page
SignIn = Callable[[Server, str], Page]
Open = Callable[[str], Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with chromium() as one:
        yield one


@pytest.fixture(scope="package")
def contexts() -> dict[tuple[str, str], BrowserContext]:
    return {}


@pytest.fixture
def sign_in(browser: Browser, contexts: dict[tuple[str, str], BrowserContext]) -> Iterator[SignIn]:
    """Yield a function that opens a page as a user, who logs in once at each server and keeps what was loaded."""
    opened: list[Page] = []

    def signed_in(server: Server, user: str) -> Page:
        new = (server.url, user) not in contexts
        if new:
            contexts[server.url, user] = browser.new_context(viewport=WINDOW)
            contexts[server.url, user].set_default_timeout(PATIENCE)
        page = contexts[server.url, user].new_page()
        opened.append(page)
        if new:
            log_in(page, server, user)
        return page

    yield signed_in
    for page in opened:
        page.close()


@pytest.fixture
def opened(server: Server, sign_in: SignIn) -> Iterator[Open]:
    """Yield a function that opens a path with the footer on it; what it put into the browser is forgotten."""
    page = sign_in(server, "ann")

    def at(path: str) -> Page:
        page.goto(server.url + path)
        expect(page.locator(FOOTER)).to_be_visible()
        return page

    yield at
    page.evaluate("localStorage.clear()")


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """Yield a page of a visitor without a login."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def log_in(page: Page, server: Server, user: str) -> None:
    """Log in as people do."""
    page.goto(server.url + server.login)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(server.url + server.home)
