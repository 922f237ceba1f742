"""How a single notice is drawn, on either line: where it leads, and how grave it looks."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from astro_runtime_plugin.notices.notice import LEVELS, Notice
from testing.browser import background
from testing.web.page_assertions import Notices
from testing.web.runtime_page import NOTICE

SAFE = ('https://example.com/releases?of=3.3&why="yanked"', "http://example.com/", "HTTPS://EXAMPLE.COM/")
UNSAFE = (
    None,
    "",
    "javascript:alert(1)",
    "JavaScript://example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "//example.com/",
    "/home",
    "xhttps://example.com/",
    " https://example.com/",
)


def leads_to_http_alone(page: Page, url: str) -> None:
    """Check that a notice has a link to an http(s) URL, which opens beside the page, and to nothing else."""
    notices = Notices(page)
    said = dict(enumerate((*SAFE, *UNSAFE)))
    notices.said = [Notice(id=str(at), level="info", text="text", url=to) for at, to in said.items()]
    page.goto(url)
    shown = page.locator(NOTICE)
    expect(shown).to_have_count(len(said))
    for at, to in said.items():
        links = page.locator(f'{NOTICE}[data-notice="{at}"]').locator("a")
        expect(links).to_have_count(1 if to in SAFE else 0)
        if to in SAFE:
            expect(links).to_have_text("Read more")
            expect(links).to_be_visible()
            told = {name: links.get_attribute(name) for name in ("href", "target", "rel")}
            assert told == {"href": to, "target": "_blank", "rel": "noopener noreferrer"}


def looks_as_grave_as_it_is(page: Page, url: str) -> None:
    """Check that each level has a colour of its own, red where it is critical, and that a reader is told of it."""
    notices = Notices(page)
    notices.said = [Notice.model_validate({"id": level, "level": level, "text": level}) for level in LEVELS]
    page.goto(url)
    shown = page.locator(NOTICE)
    expect(shown).to_have_text([f"{level}×" for level in LEVELS])
    assert [one.get_attribute("data-level") for one in shown.all()] == [*LEVELS]
    assert [one.get_attribute("role") for one in shown.all()] == ["alert", "alert", "status"]
    colours = [background(one) for one in shown.all()]
    assert len(set(colours)) == len(LEVELS)
    red, green, blue = colours[0]
    assert red > green + 10
    assert abs(green - blue) < 5
