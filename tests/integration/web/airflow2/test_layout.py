"""The footer covers nothing, and follows Airflow's theme, text direction and window width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from testing.browser import FOOTER, NARROW, REACHABLE, WINDOW, box, shades
from testing.waiting import wait_until
from testing.web.footer_assertions import is_uncovered
from testing.web.sign_in import OpenPage
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.menus import open_menu
from tests.integration.web.airflow2.server import Airflow2Server

SCROLL_TO_END = """pane => {
  const end = pane.appendChild(document.createElement("div"));
  end.scrollIntoView({ block: "nearest", inline: "nearest" });
  return [end.getBoundingClientRect().bottom, scrollY];
}"""


@pytest.fixture
def server(servers: Servers) -> Airflow2Server:
    return servers("plain")


def can_be_scrolled_into_view(element: Locator) -> bool:
    """Whether the element at the end of a page can be scrolled to a place that the footer does not cover.

    While the page is still loading, what comes above the element moves it away again.
    """

    def scroll() -> bool:
        element.scroll_into_view_if_needed()
        element.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        return is_uncovered(element)

    return bool(wait_until(scroll))


@pytest.mark.parametrize("window", [WINDOW, NARROW])
def test_last_row_of_a_long_list_can_be_scrolled_into_view(open_page: OpenPage, window: ViewportSize) -> None:
    page = open_page("/home")
    page.set_viewport_size(window)
    assert can_be_scrolled_into_view(page.get_by_role("link", name="many_59", exact=True))
    assert can_be_scrolled_into_view(page.get_by_text("Showing 1-61 of 61 DAGs"))
    assert box(page.locator(FOOTER))[3] == window["height"]


@pytest.mark.parametrize("window", [WINDOW, NARROW])
def test_end_of_a_fab_page_can_be_scrolled_into_view(open_page: OpenPage, window: ViewportSize) -> None:
    page = open_page("/roles/list/")
    page.set_viewport_size(window)
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert can_be_scrolled_into_view(page.get_by_role("row").last.get_by_role("checkbox"))


def test_grid_view_ends_above_the_footer(open_page: OpenPage) -> None:
    page = open_page("/dags/hello/grid?tab=code")
    page.get_by_text("nothing()").wait_for()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    pane, footer = box(page.locator("#react-container > *").last), box(page.locator(FOOTER))
    assert pane[3] == pytest.approx(footer[1], abs=1)  # Airflow's header has a fractional height
    assert footer[3] == WINDOW["height"]


def test_end_that_the_grid_view_scrolls_to_is_above_the_footer(open_page: OpenPage) -> None:
    """As the log of a running task does at each refresh."""
    page = open_page("/dags/hello/grid?tab=code")
    page.get_by_text("nothing()").wait_for()
    bottom, scrolled = page.locator("#react-container > *").last.evaluate(SCROLL_TO_END)
    assert scrolled > 0
    assert bottom <= box(page.locator(FOOTER))[1] + 1


@pytest.mark.parametrize("path", ["/connection/list/", "/no/such/page", "/variable/edit/999"])
def test_short_page_ends_with_the_window(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    assert page.evaluate("document.documentElement.scrollHeight") == WINDOW["height"]
    assert box(page.locator(FOOTER))[3] == WINDOW["height"]


def test_footer_follows_the_switch_to_dark_mode(open_page: OpenPage) -> None:
    page = open_page("/home")
    darkest, _, background = shades(page.locator(FOOTER))
    assert background > 240 > 120 > darkest
    page.click("#themeToggleButton")
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    _, brightest, background = shades(page.locator(FOOTER))
    assert background < 40 < 150 < brightest


def test_menu_opens_above_the_footer(open_page: OpenPage) -> None:
    page = open_page("/home")
    page.set_viewport_size({"width": 1280, "height": 300})
    menu = open_menu(page, "Docs")
    left, top = box(menu)[0] + 9, box(page.locator(FOOTER))[1] + 2
    assert box(menu)[3] > top
    assert menu.evaluate("(menu, point) => menu.contains(document.elementFromPoint(...point))", [left, top])


def test_footer_follows_a_right_to_left_page(open_page: OpenPage) -> None:
    page = open_page("/home")
    page.evaluate("document.documentElement.dir = 'rtl'")
    parts = [box(part)[0] for part in page.locator(f"{FOOTER} > * > *").all()]
    assert len(parts) == 7
    assert parts == sorted(parts, reverse=True)


def test_narrow_window_shows_the_whole_footer(open_page: OpenPage) -> None:
    page = open_page("/home")
    page.set_viewport_size(NARROW)
    left, _, right, bottom = box(page.locator(FOOTER))
    assert (left, right, bottom) == (0, NARROW["width"], NARROW["height"])
    for part in page.locator(f"{FOOTER} bdi").all():
        assert part.evaluate(REACHABLE)


def test_links_can_be_focused_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("/home")
    page.locator(f"{FOOTER} a").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Documentation"
    expect(page.get_by_role("contentinfo", name="Runtime")).to_be_visible()
    expect(page.get_by_role("navigation", name="Resources")).to_be_visible()
