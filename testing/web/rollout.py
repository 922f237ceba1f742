"""What a test can see of a rollout that stopped half-way, on either line."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from testing.installed_line import RELEASE
from testing.servers import until
from testing.web.runtime_page import PAGE
from testing.web.web_server import Server

NEW, OLD = "orders:2", "orders:1"
ENVIRONMENT = {"AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": NEW}
WRITE = f"""
import time
from astro_runtime_plugin.database.state import put
from astro_runtime_plugin.inventory.listing import RunningComponent, iso_utc, to_record
for component, host, tag in (("scheduler", "new-host", "{NEW}"), ("triggerer", "old-host", "{OLD}")):
    running = RunningComponent(component, host, tag, "{RELEASE}", iso_utc(time.time()))
    put("component", f"{{component}}:{{host}}:7", to_record(running, time.time(), 600))
"""


def is_seen(page: Page, server: Server, runtime_page: str) -> None:
    """Check that the notice names the component that was left behind, and that the Runtime page shows both tags."""
    server.run_python(WRITE)
    until(lambda: _are_recorded(page, server), AssertionError)
    page.goto(f"{server.url}{server.home}")
    notice = page.get_by_role("alert").filter(has_text="Image tags differ")
    expect(notice).to_have_text(re.compile(rf"\b2 of 3\b.* {NEW}\b.*\btriggerer on old-host\b.* {OLD}\b"))
    expect(notice).not_to_contain_text("new-host")
    page.goto(f"{server.url}{runtime_page}")
    components = page.locator(PAGE).get_by_role("region", name="Components")
    expect(components).to_contain_text("2 images run at once.")
    expect(components.locator("tbody th")).to_have_text([NEW, OLD])
    expect(components.get_by_role("row", name="triggerer")).to_contain_text("old-host")


def _are_recorded(page: Page, server: Server) -> None:
    """Check that the web server itself is there, too: it records itself a moment after it answers."""
    listed = page.request.get(f"{server.url}/astro-runtime/api/components").json()
    assert sorted(one["image_tag"] for one in listed) == [OLD, NEW, NEW]
