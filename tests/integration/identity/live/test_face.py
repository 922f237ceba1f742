"""Tests of the footer, of the Runtime's own routes and of Airflow's, by role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from testing.browser import FOOTER
from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.login_provider import LoginProvider
from testing.installed_line import RELEASE

# By user of the provider: the paths below /astro-runtime that show something; of those below, nobody else sees any.
FOR_ALL = {"api/runtime", "api/notices", "api/openapi.json"}
FOR_VIEWERS = FOR_ALL | {"api/workers", "api/components", "api/task-logs"}
FOR_OPS = FOR_VIEWERS | {"api/fixes", "page"}
SHOWN = {"ann": FOR_OPS, "otto": FOR_OPS, "uma": FOR_VIEWERS, "vera": FOR_VIEWERS, "dora": FOR_ALL}


@pytest.mark.parametrize("user", SHOWN)
def test_runtimes_routes_ask_for_airflows_permissions(site: Site, provider: LoginProvider, user: str) -> None:
    token = provider.access_token(user)
    shown = {path for path in FOR_OPS if site.get(f"/astro-runtime/{path}", token).status_code == 200}
    assert shown == SHOWN[user]
    runtime = site.get("/astro-runtime/api/runtime", token).json()
    assert runtime["release"] == RELEASE
    assert bool(runtime["settings"]) == (user in ("ann", "otto"))


@pytest.mark.parametrize("user", ["vera", "dora"])
def test_footer_is_on_the_page_of_every_user(
    site: Site, open_browser: Callable[[str], Page], user: str
) -> None:
    page = open_browser(user)
    page.goto(site.url + PATHS.dags)
    expect(page.locator(FOOTER)).to_contain_text(RELEASE)


def test_user_without_a_role_has_no_footer_and_no_script_error(
    site: Site, open_browser: Callable[[str], Page]
) -> None:
    page = open_browser("nora")
    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if "Security Policy" in message.text else None
    )
    page.goto(site.url + PATHS.dags)
    expect(page.get_by_role("heading", level=1)).to_have_text("You have no access to this Airflow")
    assert page.locator(FOOTER).count() == 0
    assert errors == []
    assert page.locator("main").evaluate("element => getComputedStyle(element).maxWidth") == "704px"
