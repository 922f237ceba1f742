"""Airflow's menus, which are open while the mouse is over them."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from testing.waiting import retry

ATTEMPT = 10_000  # ms


def open_menu(page: Page, name: str) -> Locator:
    """Open a menu as a user does, who moves the mouse to it again if the page has moved beneath the mouse."""
    title = page.get_by_text(name, exact=True)
    item = page.locator(".navbar li.dropdown").filter(has=title)
    menu = item.locator(".dropdown-menu")

    def point_at_menu() -> None:
        page.mouse.move(0, 0)
        item.locator(title).hover()
        expect(menu).to_be_visible(timeout=ATTEMPT)

    retry(point_at_menu, AssertionError)
    return menu


def choose(page: Page, name: str, item: str) -> None:
    """Click an item of a menu; the menu is opened again if it has closed before the click."""

    def open_and_click() -> None:
        open_menu(page, name).get_by_role("link", name=item, exact=True).click(timeout=ATTEMPT)

    retry(open_and_click, PlaywrightTimeoutError)
