"""Webservers of each kind and one browser, shared by the tests of this folder.

Of the package, not of the session: while Playwright runs, no other test could run an event loop of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.airflow2.face import home as homes
from tests.airflow2.face.server import Server, serving
from tests.browser import WINDOW, chromium

PLAIN = {"AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": "my-project:2026-11-21", "AIRFLOW__CORE__PARALLELISM": "7"}
HOSTILE = {
    "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": "<script>alert(1)</script>",
    "AIRFLOW__ASTRO_RUNTIME__LINKS": '{"<b>Wiki</b>": "https://wiki.example.com/", "Bad": "javascript:alert(1)"}',
}
# Anonymous visitors may look around, as Viewers.
PUBLIC = "AUTH_ROLE_PUBLIC = 'Viewer'\n"
PUBLIC_CONFIG = "public.py"
KINDS = {"plain": ("", PLAIN), "prefix": ("/team/airflow", HOSTILE)}

Servers = Callable[[str], Server]
SignIn = Callable[[Server, str], Page]


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("face") / "home"
    homes.make(made)
    (made / PUBLIC_CONFIG).write_text(PUBLIC)
    return made


@pytest.fixture(scope="package")
def servers(home: Path) -> Iterator[Servers]:
    """Yield a function that returns the webserver of a kind, started when it is first asked for."""
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def of(kind: str) -> Server:
            if kind not in running:
                prefix, more = KINDS[kind]
                if prefix:
                    more = {**more, "AIRFLOW__WEBSERVER__CONFIG_FILE": str(home / PUBLIC_CONFIG)}
                running[kind] = stack.enter_context(serving(home, prefix, **more))
            return running[kind]

        yield of


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    """A webserver without a prefix, and one with a prefix, hostile image tag and links, open to anonymous visitors."""
    return servers(request.param)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
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
        page = contexts[server.url, user].new_page()
        opened.append(page)
        if new:
            log_in(page, server, user)
        return page

    yield signed_in
    for page in opened:
        page.close()


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """Yield a page of a visitor without a login."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def log_in(page: Page, server: Server, user: str) -> None:
    """Log in as people do."""
    page.goto(f"{server.url}/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", homes.PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{server.url}/home")
