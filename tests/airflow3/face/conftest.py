"""Api-servers of each kind and one browser, shared by the tests of this folder.

Of the package, not of the session: while Playwright runs, no other test could run an event loop of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.airflow3.face import home as homes
from tests.airflow3.face.server import Server, serving

CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WINDOW: ViewportSize = {"width": 1280, "height": 720}
PREFIX = "/team/airflow"
IMAGE_TAG = {"AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": "my-project:2026-11-21", "AIRFLOW__CORE__PARALLELISM": "7"}
HOSTILE = {
    "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": "<script>alert(1)</script>",
    "AIRFLOW__ASTRO_RUNTIME__LINKS": '{"<b>Wiki</b>": "https://wiki.example.com/", "Bad": "javascript:alert(1)"}',
}
FAB = {"AIRFLOW__CORE__AUTH_MANAGER": homes.FAB}
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "simple": ("", IMAGE_TAG),
    "simple-prefix": (PREFIX, HOSTILE),
    "fab": ("", IMAGE_TAG | FAB),
    "fab-prefix": (PREFIX, HOSTILE | FAB),
}

Servers = Callable[[str], Server]
SignIn = Callable[[Server, str], Page]


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("face") / "home"
    homes.make(made)
    return made


@pytest.fixture(scope="package")
def servers(home: Path) -> Iterator[Servers]:
    """Yield a function that returns the api-server of a kind, started when it is first asked for."""
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def of(kind: str) -> Server:
            if kind not in running:
                prefix, more = KINDS[kind]
                running[kind] = stack.enter_context(serving(home, prefix, **more))
            return running[kind]

        yield of


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    """An api-server of each auth manager, without a prefix and with one; there image tag and links are hostile."""
    return servers(request.param)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # ms: how long a busy machine may take over a page
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def contexts() -> dict[tuple[str, str], BrowserContext]:
    return {}


@pytest.fixture
def sign_in(browser: Browser, contexts: dict[tuple[str, str], BrowserContext]) -> Iterator[SignIn]:
    """Yield a function that opens a page as a user, who logs in once at each server and keeps what was loaded."""
    opened: list[Page] = []

    def signed_in(server: Server, user: str) -> Page:
        context = contexts.get((server.url, user))
        new = context is None
        context = contexts[server.url, user] = context or browser.new_context(viewport=WINDOW)
        page = context.new_page()
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
    page.goto(f"{server.url}/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", homes.PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{server.url}/")
