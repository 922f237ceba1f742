"""The footer covers nothing, and follows Airflow's theme, the page's direction and the window's width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from testing.browser import FOOTER, NARROW, REACHABLE, WINDOW, box, shades
from testing.web.footer_assertions import uncovered
from testing.web.sign_in import Open
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Server


@pytest.fixture
def server(servers: Servers) -> Server:
    return servers("plain")


def reachable(last: Locator) -> bool:
    """Tell whether `last` can be scrolled to where the footer does not cover it."""
    last.scroll_into_view_if_needed()
    last.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    return uncovered(last)


@pytest.mark.parametrize("window", [WINDOW, NARROW])
def test_the_last_row_of_a_long_list_can_be_scrolled_to(opened: Open, window: ViewportSize) -> None:
    page = opened("/home")
    page.set_viewport_size(window)
    assert reachable(page.get_by_role("link", name="many_59", exact=True))
    assert reachable(page.get_by_text("Showing 1-61 of 61 DAGs"))
    assert box(page.locator(FOOTER))[3] == window["height"]


@pytest.mark.parametrize("window", [WINDOW, NARROW])
def test_the_end_of_a_fab_page_can_be_scrolled_to(opened: Open, window: ViewportSize) -> None:
    page = opened("/roles/list/")
    page.set_viewport_size(window)
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert reachable(page.get_by_role("row").last.get_by_role("checkbox"))


def test_the_panes_of_a_dag_end_above_the_footer(opened: Open) -> None:
    page = opened("/dags/hello/grid?tab=code")
    page.get_by_text("nothing()").wait_for()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    pane, footer = box(page.locator("#react-container > *").last), box(page.locator(FOOTER))
    assert pane[3] == pytest.approx(footer[1], abs=1)  # Airflow's header has parts of a pixel
    assert footer[3] == WINDOW["height"]


@pytest.mark.parametrize("path", ["/connection/list/", "/no/such/page", "/variable/edit/999"])
def test_a_short_page_ends_with_the_window(opened: Open, path: str) -> None:
    page = opened(path)
    assert page.evaluate("document.documentElement.scrollHeight") == WINDOW["height"]
    assert box(page.locator(FOOTER))[3] == WINDOW["height"]


def test_the_footer_follows_the_switch_between_light_and_dark(opened: Open) -> None:
    page = opened("/home")
    darkest, _, mostly = shades(page.locator(FOOTER))
    assert mostly > 240 > 120 > darkest
    page.click("#themeToggleButton")
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    _, brightest, mostly = shades(page.locator(FOOTER))
    assert mostly < 40 < 150 < brightest


def test_a_menu_opens_above_the_footer(opened: Open) -> None:
    page = opened("/home")
    page.set_viewport_size({"width": 1280, "height": 300})
    page.get_by_text("Docs", exact=True).hover()
    menu = page.locator("li.dropdown:has-text('Docs') .dropdown-menu")
    left, top = box(menu)[0] + 9, box(page.locator(FOOTER))[1] + 2
    assert box(menu)[3] > top
    assert menu.evaluate("(menu, at) => menu.contains(document.elementFromPoint(...at))", [left, top])


def test_the_footer_reads_from_right_to_left_where_the_page_does(opened: Open) -> None:
    page = opened("/home")
    page.evaluate("document.documentElement.dir = 'rtl'")
    parts = [box(part)[0] for part in page.locator(f"{FOOTER} > * > *").all()]
    assert len(parts) == 7
    assert parts == sorted(parts, reverse=True)


def test_in_a_narrow_window_everything_is_there(opened: Open) -> None:
    page = opened("/home")
    page.set_viewport_size(NARROW)
    left, _, right, bottom = box(page.locator(FOOTER))
    assert (left, right, bottom) == (0, NARROW["width"], NARROW["height"])
    for part in page.locator(f"{FOOTER} bdi").all():
        assert part.evaluate(REACHABLE)


def test_the_links_can_be_reached_with_the_keyboard(opened: Open) -> None:
    page = opened("/home")
    page.locator(f"{FOOTER} a").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Documentation"
    expect(page.get_by_role("contentinfo", name="Runtime")).to_be_visible()
    expect(page.get_by_role("navigation", name="Resources")).to_be_visible()
