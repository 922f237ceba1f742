"""The menu of the logged-in user in each line's pages."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.installed_line import LINE
from testing.waiting import retry


def open_home(page: Page, site: Site) -> None:
    """Log in, and wait for the page."""
    page.goto(site.url + PATHS.home)
    wait_for_login(page)


def wait_for_login(page: Page) -> None:
    """Wait for the menu of who is logged in: Airflow 3's page asks for the login only when it has been loaded."""
    expect(page.get_by_role("link", name=re.compile("^DAGs$", re.IGNORECASE)).first).to_be_visible()


def log_out(page: Page) -> None:
    """Log out as a user does, by the menu."""
    if LINE == "2.11":
        page.wait_for_load_state()  # the menu opens only once its script has run
        page.locator(".navbar-user-icon").click()
        page.get_by_role("button", name="Log Out").click()
        return
    page.get_by_role("button", name="User").click()
    page.get_by_role("menuitem", name="Logout").click()
    page.get_by_role("button", name="Logout").or_(page.get_by_role("button", name="Confirm")).click()


def go_on_until_cut_off(page: Page, url: str, heading: str) -> None:
    """Go on working at `url` until the page that says why the session has ended is there.

    Airflow 3's pages ask the server for news by themselves, those of 2.11 when the user goes on. A worker of the web
    server that has not heard of the end yet still shows the page.
    """

    def go_on() -> None:
        if LINE == "2.11":
            page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=5000)

    retry(go_on, AssertionError)
