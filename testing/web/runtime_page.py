"""What a test can see of the Runtime page and the notices, on either line."""

from __future__ import annotations

import math
import re
from importlib.metadata import version

from playwright.sync_api import Locator, Page, expect

from entrypoint.defaults import DEFAULTS
from testing.browser import FOOTER, box, shades
from testing.installed_line import AIRFLOW, LINE, RELEASE, VARIABLES
from testing.web.web_server import Server

PAGE = "#astro-runtime-page"
NOTICE = "#astro-runtime-notices [data-notice]"
PROVIDER = "apache-airflow-providers-celery"
# What is read on the page; rows of both shades are among them.
PARTS = (
    *("h2", "h2 .label", "p", "h3", "thead th", "tbody th", "td code", "td time", "li a"),
    *(f"tbody tr:nth-child({shade}) td" for shade in ("odd", "even")),
)
CONTRAST = 3.5  # WCAG wants 4.5 of the colours; their greys have less
WEB = {"3.3": "api-server", "2.11": "webserver"}[LINE]


def says_everything(page: Page, server: Server) -> None:
    """Check that each section is there, with what this server really runs."""
    shown = page.locator(PAGE)
    expect(shown.get_by_role("heading", level=2)).to_contain_text(f"Runtime {RELEASE}")
    expect(shown).to_contain_text(f"Image {server.image_tag} · Airflow {AIRFLOW} · Python ")
    expect(shown).to_contain_text(re.compile(r"maintained until \d{4}-\d\d-\d\d"))
    bar = shown.get_by_role("progressbar", name="Maintenance left")
    assert 0 <= int(bar.get_attribute("aria-valuenow") or -1) <= 100
    expect(shown.get_by_role("row", name=WEB).first).to_be_visible()
    for setting in DEFAULTS:
        row = row_of(shown, VARIABLES[setting.documented])
        assert row.get_by_role("cell").nth(3).text_content() == setting.airflow_default
    parallelism = row_of(shown, "AIRFLOW__CORE__PARALLELISM").get_by_role("cell").all_text_contents()
    if "AIRFLOW__CORE__PARALLELISM" in server.environ:
        assert parallelism[1:3] == ["7", "operator environment"]
    expect(shown.get_by_role("row", name=f"{PROVIDER} {version(PROVIDER)}")).to_have_count(1)
    links = shown.get_by_role("region", name="Links").get_by_role("link").all()
    assert links
    assert all((link.get_attribute("href") or "").startswith("https://") for link in links)


def is_readable(page: Page, theme: str) -> None:
    """Check that each part of the page, as it is drawn, has contrast, on a ground as light or dark as the theme."""
    for part in PARTS:
        darkest, brightest, mostly = shades(page.locator(f"{PAGE} {part}").first)
        assert (mostly > 200) if theme == "light" else (mostly < 60), part
        assert max(contrast(darkest, mostly), contrast(mostly, brightest)) >= CONTRAST, part


def contrast(dark: int, light: int) -> float:
    """Return WCAG's contrast of two greys, from 11 to 255."""
    low, high = (math.pow((grey / 255 + 0.055) / 1.055, 2.4) for grey in (dark, light))
    return (high + 0.05) / (low + 0.05)


def row_of(shown: Locator, variable: str) -> Locator:
    """Return the row of a setting."""
    return shown.get_by_role("row").filter(has=shown.page.get_by_text(variable, exact=True)).first


def tells_and_forgets_notices(page: Page, other: Page, url: str) -> None:
    """Check that a notice is shown and covers nothing, and that a dismissed one stays away from that user alone."""
    page.goto(url)
    notices = page.locator(NOTICE)
    expect(notices.filter(has_text="maintenance")).to_have_attribute("data-level", "warning")
    first = box(notices.first)
    assert first[1] >= 0
    assert first[3] <= box(page.locator(FOOTER))[1]
    identifier = notices.filter(has_text="maintenance").get_attribute("data-notice")
    mine = page.locator(f'{NOTICE}[data-notice="{identifier}"]')
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        mine.get_by_role("button", name="Dismiss for 5 days").click()
    assert answered.value.status == 204
    expect(mine).to_have_count(0)
    page.reload()
    page.locator(FOOTER).wait_for()
    page.wait_for_load_state("networkidle")
    expect(mine).to_have_count(0)
    other.goto(url)
    expect(other.locator(f'{NOTICE}[data-notice="{identifier}"]')).to_have_count(1)
