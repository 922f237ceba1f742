"""The menu of the logged-in user in each line's pages."""

from __future__ import annotations

from playwright.sync_api import Page

from testing.installed_line import LINE


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


def go_on(page: Page, url: str) -> None:
    """Go on working: Airflow 3's pages ask the server for news by themselves, those of 2.11 when the user goes on."""
    if LINE == "2.11":
        page.goto(url)
