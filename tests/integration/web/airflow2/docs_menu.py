"""Airflow's docs menu, which is open while the mouse is over it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from testing.waiting import retry


def open_docs_menu(page: Page) -> Locator:
    """Open the menu as a user does, who moves the mouse to it again if the page has moved beneath the mouse."""
    menu = page.locator("li.dropdown:has-text('Docs') .dropdown-menu")

    def point_at_menu() -> None:
        page.mouse.move(0, 0)
        page.get_by_text("Docs", exact=True).hover()
        expect(menu).to_be_visible(timeout=2000)

    retry(point_at_menu, AssertionError)
    return menu
