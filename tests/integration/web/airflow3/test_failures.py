"""Whatever fails in the face, Airflow's pages work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from testing.browser import FOOTER
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.complaints import complaints
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Server, serving

ENDPOINT = "**/astro-runtime/api/runtime"
ANSWERS: dict[str, tuple[str, Callable[[Route], None]]] = {
    "an error": (ENDPOINT, lambda route: route.fulfill(status=500, body="oh")),
    "no JSON": (ENDPOINT, lambda route: route.fulfill(status=200, body="<html>")),
    "another JSON": (ENDPOINT, lambda route: route.fulfill(status=200, body="{}")),
    "a redirect to a login page": (
        ENDPOINT,
        lambda route: route.fulfill(status=302, headers={"location": "/auth/login/"}),
    ),
    "no style sheet": ("**/footer.css", lambda route: route.fulfill(status=500, body="oh")),
    "no script": ("**/footer.js", lambda route: route.fulfill(status=500, body="oh")),
}
# Airflow loads the plugins in this folder before those of installed packages.
BROKEN = {
    "endpoint": """
from astro_runtime_plugin.web import schemas

def runtime_info(*arguments):
    raise RuntimeError("no answer")

schemas.runtime_info = runtime_info
""",
    "adapter": """
import sys
sys.modules["astro_runtime_plugin.web.airflow3"] = None
""",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_with_a_failing_part_a_page_is_as_airflow_made_it(
    servers: Servers, sign_in: SignIn, answer: str
) -> None:
    server = servers("fab")
    page = sign_in(server, "vic")
    heard = complaints(page)
    page.route(*ANSWERS[answer])
    as_airflow_made_it(page, server)
    assert heard == []


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest, home: Path, tmp_path: Path) -> Iterator[tuple[str, Server]]:
    (tmp_path / "broken.py").write_text(BROKEN[request.param])
    with serving(home, "", {"AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path)}) as server:
        yield request.param, server


def test_with_a_broken_plugin_airflow_runs_as_stock(broken: tuple[str, Server], sign_in: SignIn) -> None:
    part, server = broken
    page = sign_in(server, "ann")
    as_airflow_made_it(page, server)
    for path in (
        "/",
        "/connections",
        "/plugins",
        "/no/such/page",
        f"/dags/hello/runs/{server.run_id}/tasks/greet",
    ):
        page.goto(server.url + path)
        expect(page.get_by_test_id("main-content")).to_be_visible()
    expect(page.locator(FOOTER)).to_have_count(0)
    expect(page.get_by_text("line 299")).to_be_visible()
    status, kind, _ = server.get("/astro-runtime/api/runtime", server.token("ann"))
    # Without the adapter nothing is served there, and Airflow answers with its own page.
    assert (status, kind) == {"endpoint": (500, "text/plain"), "adapter": (200, "text/html")}[part]
    warnings = server.log.read_text().count("Airflow runs without the Runtime's footer")
    assert warnings == (1 if part == "adapter" else 0)


def as_airflow_made_it(page: Page, server: Server) -> None:
    """Check that the Dag list works, in the whole window, without a footer."""
    page.goto(f"{server.url}/dags")
    page.get_by_role("link", name="hello", exact=True).wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator(FOOTER)).to_have_count(0)
    height = page.get_by_test_id("main-content").evaluate("element => element.getBoundingClientRect().bottom")
    assert height == page.evaluate("innerHeight")
