"""Assertions on the Runtime page, on either line."""

from __future__ import annotations

import math
import re
from importlib.metadata import version

from playwright.sync_api import Locator, Page, expect

from astro_runtime_plugin.fixes.listing import ACTIVE
from astro_runtime_plugin.fixes.registry import load_fixes
from testing.browser import NARROW, shades
from testing.installed_line import AIRFLOW, DEFAULTS, LINE, RELEASE, VARIABLES
from testing.web.server_profiles import PARALLELISM
from testing.web.web_server import WebServer
from testing.web.worker_snapshot import LIMIT, WHY, recorded_workers

PAGE = "#astro-runtime-page"
TABLE_BOX = f"{PAGE} .astro-runtime-table"
PROVIDER = "apache-airflow-providers-celery"
# What users read on the page; rows of both shades are among them.
TEXTS = (
    *("h2", "h2 .label", "p", "h3", "thead th", "tbody th", "td code", "td time", "li a"),
    *(f"tbody tr:nth-child({shade}) td" for shade in ("odd", "even")),
)
MIN_CONTRAST = 3.5  # WCAG wants 4.5 of the colours; their greys have less
WEB_COMPONENT = {"3.3": "api-server", "2.11": "webserver"}[LINE]
# How far an element or one around it scrolls sideways, in pixels.
SIDEWAYS = """element => {
  let pixels = 0;
  for (let e = element; e; e = e.parentElement) pixels = Math.max(pixels, e.scrollWidth - e.clientWidth);
  return pixels;
}"""
STYLE_SHEETS_ARE_LOADED = """
  [...document.querySelectorAll("link[rel=stylesheet][href*=astro-runtime]")].every((link) => link.sheet)
"""
# How a table's box scrolls, the height of its tallest row in lines of text, and whether all names are on one line.
MEASURE_BOX = """box => {
  const style = getComputedStyle(box.querySelector("td"));
  const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
  const lines = (row) => (row.getBoundingClientRect().height - padding) / parseFloat(style.lineHeight);
  box.scrollLeft = box.scrollWidth;
  return {
    overflow: getComputedStyle(box).overflowX,
    hidden: box.scrollWidth - box.clientWidth,
    scrolled: Math.round(box.scrollLeft),
    lines: Math.round(Math.max(...[...box.querySelectorAll("tr")].map(lines))),
    onOneLine: [...box.querySelectorAll("code, th")].every((name) => name.getClientRects().length === 1),
  };
}"""


def assert_page_is_complete(page: Page, server: WebServer) -> None:
    """Assert that each section is there, with what this server really runs."""
    content = page.locator(PAGE)
    expect(content.get_by_role("heading", level=2)).to_contain_text(f"Runtime {RELEASE}")
    expect(content).to_contain_text(f"Image {server.image_tag} · Airflow {AIRFLOW} · Python ")
    expect(content).to_contain_text(re.compile(r"maintained until \d{4}-\d\d-\d\d"))
    wait_for_style_sheets(page)
    bar = content.get_by_role("progressbar", name="Maintenance left")
    assert 0 <= int(bar.get_attribute("aria-valuenow") or -1) <= 100
    expect(content.get_by_role("row", name=WEB_COMPONENT).first).to_be_visible()
    for setting in DEFAULTS:
        assert cells_of(content, VARIABLES[setting.documented])[3] == setting.airflow_default
    if PARALLELISM["variable"] in server.environ:
        cells = cells_of(content, PARALLELISM["variable"])
        assert cells[1:3] == [PARALLELISM["value"], PARALLELISM["origin"]]
    expect(content.get_by_role("row", name=f"{PROVIDER} {version(PROVIDER)}")).to_have_count(1)
    assert_fixes_are_listed(content)
    links = content.get_by_role("region", name="Links").get_by_role("link").all()
    assert links
    assert all((link.get_attribute("href") or "").startswith("https://") for link in links)


def wait_for_style_sheets(page: Page) -> None:
    """Wait for the Runtime's style sheets: on Airflow 3 the page is there before them."""
    page.wait_for_function(STYLE_SHEETS_ARE_LOADED)


def assert_fixes_are_listed(content: Locator) -> None:
    """Assert that each fix of this line has a row, with its state and a link."""
    fixes = [fix for fix in load_fixes() if LINE in fix.lines]
    rows = content.get_by_role("region", name="Fixes of Airflow").locator("tbody tr").all()
    assert [row.get_by_role("cell").all_text_contents()[:3] for row in rows] == [
        [fix.id, ACTIVE, fix.title] for fix in fixes
    ]
    links = [row.get_by_role("link").evaluate_all("all => all.map(link => link.href)") for row in rows]
    assert links == [[fix.issue] if fix.issue else [] for fix in fixes]


def assert_texts_are_readable(page: Page, theme: str) -> None:
    """Assert that each text, as drawn, has contrast on a background as light or dark as the theme."""
    for text in TEXTS:
        darkest, brightest, background = shades(page.locator(f"{PAGE} {text}").first)
        assert (background > 200) if theme == "light" else (background < 60), text
        assert max(contrast(darkest, background), contrast(background, brightest)) >= MIN_CONTRAST, text


def assert_only_tables_scroll_sideways(page: Page, url: str) -> None:
    """Assert that in a narrow window each table scrolls in its box, and no row is tall from squeezed cells."""
    page.set_viewport_size(NARROW)
    page.goto(url)
    boxes = page.locator(TABLE_BOX)
    expect(boxes.first).to_be_visible()
    wait_for_style_sheets(page)
    size = "[document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    assert page.evaluate(size) == [NARROW["width"], NARROW["width"]]
    assert page.locator(PAGE).evaluate(SIDEWAYS) == 0
    assert boxes.count() == page.locator(f"{PAGE} table").count() >= 3
    measured = [box.evaluate(MEASURE_BOX) for box in boxes.all()]
    assert max(box["hidden"] for box in measured) > NARROW["width"]
    for box in measured:
        assert box["overflow"] == "auto"
        assert box["scrolled"] == box["hidden"]
        assert box["lines"] <= 3
        assert box["onOneLine"]


def assert_parallelism_is_the_limit_in_force(page: Page, server: WebServer, url: str) -> None:
    """Assert that the page shows one figure for parallelism: the schedulers' limit, if they follow the workers."""
    content = page.locator(PAGE)
    with recorded_workers(server):
        page.goto(url)
        expect(content).to_contain_text(WHY)
        cells = cells_of(content, PARALLELISM["variable"])
        assert cells[1:] == [
            str(LIMIT),
            "Runtime",
            PARALLELISM["stock"],
            f"follows the running workers: {WHY}",
        ]
        queues = content.get_by_role("region", name="Worker queues")
        expect(queues.locator("tbody tr")).to_have_text(["defaulta@one (16), b@two (4)20", "gpub@two (4)4"])
        fixes = content.get_by_role("region", name="Fixes of Airflow")  # their titles may have the word
        word = re.compile("parallelism", re.IGNORECASE)
        expect(fixes).to_be_attached()
        assert content.get_by_text(word).count() - fixes.get_by_text(word).count() == 1
    page.goto(url)
    expect(content).to_contain_text("No scheduler has reported a running Celery worker.")
    cells = cells_of(content, PARALLELISM["variable"])
    assert cells[1:3] == [PARALLELISM["value"], PARALLELISM["origin"]]


def contrast(dark: int, light: int) -> float:
    """Return WCAG's contrast of two greys, from 11 to 255."""
    low, high = (math.pow((grey / 255 + 0.055) / 1.055, 2.4) for grey in (dark, light))
    return (high + 0.05) / (low + 0.05)


def cells_of(content: Locator, variable: str) -> list[str]:
    """Return the texts of the cells in a setting's row."""
    row = content.get_by_role("row").filter(has=content.page.get_by_text(variable, exact=True)).first
    texts: list[str] = row.get_by_role("cell").all_text_contents()
    return texts
