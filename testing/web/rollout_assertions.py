"""Assertions on a rollout that stopped half-way, on either line."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from testing.installed_line import RELEASE
from testing.waiting import retry
from testing.web.runtime_page_assertions import PAGE
from testing.web.server_profiles import ALIVE
from testing.web.web_server import WebServer

NEW, OLD = "orders:2", "orders:1"
ENVIRONMENT = {**ALIVE, "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": NEW}
RECORD_COMPONENTS = f"""
import time
from astro_runtime_plugin.database.state import put
from astro_runtime_plugin.inventory.listing import RunningComponent, iso_utc, component_row
for component, host, tag in (("scheduler", "new-host", "{NEW}"), ("triggerer", "old-host", "{OLD}")):
    running = RunningComponent(component, host, tag, "{RELEASE}", iso_utc(time.time()))
    put("component", f"{{component}}:{{host}}:7", component_row(running, time.time(), 600))
"""


def assert_rollout_is_visible(page: Page, server: WebServer, runtime_page: str) -> None:
    """Assert that a notice names the outdated component, and that the Runtime page lists both image tags."""
    server.run_python(RECORD_COMPONENTS)
    retry(lambda: _assert_all_are_recorded(page, server), AssertionError)
    page.goto(f"{server.url}{server.home}")
    notice = page.get_by_role("alert").filter(has_text="Image tags differ")
    expect(notice).to_have_text(re.compile(rf"\b2 of 3\b.* {NEW}\b.*\btriggerer on old-host\b.* {OLD}\b"))
    expect(notice).not_to_contain_text("new-host")
    page.goto(f"{server.url}{runtime_page}")
    components = page.locator(PAGE).get_by_role("region", name="Components")
    expect(components).to_contain_text("2 different images are running.")
    expect(components.locator("tbody th")).to_have_text([NEW, OLD])
    expect(components.get_by_role("row", name="triggerer")).to_contain_text("old-host")


def _assert_all_are_recorded(page: Page, server: WebServer) -> None:
    """Assert that the web server is recorded, too: it records itself shortly after it first answers."""
    components = page.request.get(f"{server.url}/astro-runtime/api/components").json()
    assert sorted(component["image_tag"] for component in components) == [OLD, NEW, NEW]
