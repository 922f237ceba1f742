"""The footer covers nothing, and follows Airflow's theme, text direction and window width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from testing.browser import FOOTER, NARROW, REACHABLE, WINDOW, box
from testing.waiting import wait_until
from testing.web.footer_assertions import is_uncovered
from testing.web.sign_in import OpenPage
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Airflow3Server

# WCAG's contrast of the text with its background; the canvas converts the colours.
CONTRAST = """footer => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data]
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const { color, backgroundColor } = getComputedStyle(footer);
  const [dark, light] = [luminance(color), luminance(backgroundColor)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}"""


@pytest.fixture
def server(servers: Servers) -> Airflow3Server:
    return servers("fab")


def can_be_scrolled_into_view(element: Locator) -> bool:
    """Whether the element can be scrolled to a place that the footer does not cover.

    While the page is still loading, what comes above the element moves it away again.
    """

    def scroll() -> bool:
        element.scroll_into_view_if_needed()
        return is_uncovered(element)

    return bool(wait_until(scroll))


def choose_arabic(page: Page) -> None:
    """Choose Arabic in the user menu, which Airflow follows at once.

    If it starts with the language, Airflow does not always set the text direction: when its server answers the
    request for the version late, the language is set before the component that listens for its change exists.
    """
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="User").click()
    page.get_by_role("menuitem", name="Select Language").click()
    page.get_by_role("dialog").get_by_role("combobox").click()
    page.get_by_role("option", name="العربية").click()


@pytest.mark.parametrize("window", [WINDOW, NARROW])
def test_last_row_of_a_long_list_can_be_scrolled_into_view(open_page: OpenPage, window: ViewportSize) -> None:
    page = open_page("/dags")
    page.set_viewport_size(window)
    assert can_be_scrolled_into_view(page.get_by_role("link", name="many_48", exact=True))
    assert can_be_scrolled_into_view(page.get_by_role("button", name="next page"))


def test_last_line_of_a_log_can_be_scrolled_into_view(open_page: OpenPage, server: Airflow3Server) -> None:
    page = open_page(f"/dags/hello/runs/{server.run_id}/tasks/greet")
    assert can_be_scrolled_into_view(page.get_by_text("line 299", exact=True))


@pytest.mark.parametrize("width", [WINDOW["width"], NARROW["width"]])
def test_end_of_a_fab_page_can_be_scrolled_into_view(open_page: OpenPage, width: int) -> None:
    page = open_page("/auth/users/list/")
    page.set_viewport_size({"width": width, "height": 300})
    footer, last = page.locator(FOOTER), page.get_by_role("row").last.get_by_role("link").first
    assert box(last)[3] > 300
    assert box(footer)[3] == 300
    assert can_be_scrolled_into_view(last)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert box(footer)[3] == 300
    assert box(page.locator(".panel").last)[3] <= box(footer)[1]


@pytest.mark.parametrize("path", ["/", "/dags/hello", "/dags/hello?graph=1", "/no/such/page"])
def test_page_and_footer_share_the_window(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    main, footer = box(page.get_by_test_id("main-content")), box(page.locator(FOOTER))
    sidebar = box(page.get_by_test_id("nav-sidebar"))
    assert (main[1], main[3], footer[3]) == (0, footer[1], WINDOW["height"])
    assert (footer[0], footer[2]) == (sidebar[2], WINDOW["width"])
    assert sidebar[3] == WINDOW["height"]
    assert page.evaluate("document.documentElement.scrollHeight") == WINDOW["height"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_footer_has_the_colours_of_the_theme(open_page: OpenPage, theme: str) -> None:
    open_page("/").evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page = open_page("/")
    background = "element => getComputedStyle(element).backgroundColor"
    expect(page.locator("html")).to_have_class(theme)  # the page sets it after the footer is there
    assert page.locator(FOOTER).evaluate(background) == page.locator("html").evaluate(background)
    assert page.locator(FOOTER).evaluate(CONTRAST) >= 4.5


def test_footer_has_contrast_on_a_page_without_a_theme(open_page: OpenPage) -> None:
    assert open_page("/auth/users/list/").locator(FOOTER).evaluate(CONTRAST) >= 4.5


def test_footer_follows_a_right_to_left_page(open_page: OpenPage) -> None:
    page = open_page("/dags")
    choose_arabic(page)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    left, _, right, _ = box(page.locator(FOOTER))
    assert (left, right) == (0, box(page.get_by_test_id("nav-sidebar"))[0])
    parts = [box(part)[0] for part in page.locator(f"{FOOTER} bdi").all()]
    assert parts == sorted(parts, reverse=True)


def test_narrow_window_shows_the_whole_footer(open_page: OpenPage) -> None:
    page = open_page("/dags")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    for part in page.locator(f"{FOOTER} bdi").all():
        assert part.evaluate(REACHABLE)


def test_links_can_be_focused_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("/")
    page.locator(f"{FOOTER} a").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Release notes"
    expect(page.get_by_role("contentinfo", name="Runtime")).to_be_visible()
    expect(page.get_by_role("navigation", name="Resources")).to_be_visible()
