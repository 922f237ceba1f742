"""One web server and one provider for all tests of this folder, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from testing.identity.live.home import create_home
from testing.identity.live.site import Site, identity_environment, run_site
from testing.identity.live.visitors import Visitors, proxy_variables
from testing.identity.login_provider import USERS, LoginProvider, login_provider
from testing.progress import announce
from testing.servers import postgres
from testing.web.sign_in import PAGE_TIMEOUT, browser

__all__ = ["browser"]  # pytest finds the fixture here
OpenBrowser = Callable[[str], Page]


@pytest.fixture(scope="package")
def provider() -> Iterator[LoginProvider]:
    with login_provider() as running:
        running.lifetime = 600
        yield running


@pytest.fixture(scope="package")
def proxy() -> Iterator[LoginProvider]:
    """What signs the tokens of the trusted proxy."""
    with login_provider() as running:
        yield running


@pytest.fixture(scope="package")
def database() -> Iterator[dict[str, str]]:
    """The variable of a PostgreSQL: each login writes, and several workers at once lock each other out of a SQLite."""
    with postgres() as server:
        yield {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.create("airflow")}


@pytest.fixture(scope="package")
def home(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    provider: LoginProvider,
    database: dict[str, str],
) -> Path:
    announce(pytestconfig, "an Airflow with DAGs for the web server with a provider")
    path = tmp_path_factory.mktemp("identity") / "home"
    create_home(path, identity_environment(provider.issuer, **database))
    return path


@pytest.fixture(scope="package")
def site(
    home: Path, provider: LoginProvider, proxy: LoginProvider, database: dict[str, str]
) -> Iterator[Site]:
    """The web server behind nginx with TLS and a path prefix."""
    variables = identity_environment(
        provider.issuer,
        AIRFLOW__ASTRO_RUNTIME__ADMIN_TOKENS="True",
        **proxy_variables(proxy),
        **database,
    )
    with run_site(home, variables) as running:
        yield running


@pytest.fixture
def visitors(site: Site) -> Visitors:
    return Visitors(site)


@pytest.fixture(autouse=True)
def _restore_users(provider: LoginProvider) -> Iterator[None]:
    """Let no test see another one's users."""
    yield
    provider.users = {name: dict(claims) for name, claims in USERS.items()}
    provider.login_as = None
    provider.clock_offset, provider.stated_issuer = 0.0, ""


@pytest.fixture
def open_browser(browser: Browser, provider: LoginProvider) -> Iterator[OpenBrowser]:
    """Yield a function that opens a new browser whose user is known to the provider by its cookies there."""
    contexts = []

    def open_as(user: str) -> Page:
        provider.login_as = user
        context = browser.new_context(ignore_https_errors=True)
        context.set_default_timeout(PAGE_TIMEOUT)
        contexts.append(context)
        return context.new_page()

    yield open_as
    for context in contexts:
        context.close()
