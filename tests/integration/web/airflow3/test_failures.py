"""If a part of the Runtime's web pages fails, Airflow's pages still work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from testing.browser import FOOTER
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.script_errors import record_script_errors
from tests.integration.web.airflow3.server import Airflow3Server, run_api_server

ENDPOINT = "**/astro-runtime/api/runtime"
RESPONSES: dict[str, tuple[str, Callable[[Route], None]]] = {
    "an error": (ENDPOINT, lambda route: route.fulfill(status=500, body="oh")),
    "not JSON": (ENDPOINT, lambda route: route.fulfill(status=200, body="<html>")),
    "other JSON": (ENDPOINT, lambda route: route.fulfill(status=200, body="{}")),
    "a redirect to a login page": (
        ENDPOINT,
        lambda route: route.fulfill(status=302, headers={"location": "/auth/login/"}),
    ),
    "no style sheet": ("**/footer.css", lambda route: route.fulfill(status=500, body="oh")),
    "no script": ("**/footer.js", lambda route: route.fulfill(status=500, body="oh")),
}
# Airflow loads the plugins in this folder before those of installed packages.
BROKEN_PLUGINS = {
    "endpoint": """
from astro_runtime_plugin.web import schemas

def runtime_info(*arguments):
    raise RuntimeError("broken on purpose")

schemas.runtime_info = runtime_info
""",
    "adapter": """
import sys
sys.modules["astro_runtime_plugin.web.airflow3"] = None
""",
}


@pytest.mark.parametrize("response", RESPONSES)
def test_page_has_no_footer_if_a_request_of_it_fails(
    servers: Servers, sign_in: SignIn, response: str
) -> None:
    server = servers("fab")
    page = sign_in(server, "vic")
    errors = record_script_errors(page)
    page.route(*RESPONSES[response])
    assert_dag_list_is_airflows(page, server)
    assert errors == []


def test_footer_comes_after_a_request_that_failed_for_a_moment(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab")
    page = sign_in(server, "vic")
    failures: list[Callable[[Route], None]] = [lambda route: route.abort(), RESPONSES["an error"][1]]
    page.route(ENDPOINT, lambda route: (failures.pop() if failures else Route.continue_)(route))
    page.goto(f"{server.url}/pools")
    expect(page.locator(FOOTER)).to_be_visible()
    assert failures == []


@pytest.fixture(params=BROKEN_PLUGINS)
def broken_part(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def broken_server(broken_part: str, home: Path, tmp_path: Path) -> Iterator[Airflow3Server]:
    (tmp_path / "broken.py").write_text(BROKEN_PLUGINS[broken_part])
    with run_api_server(home, "", {"AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path)}) as server:
        yield server


def test_airflow_runs_without_the_footer_if_the_plugin_is_broken(
    broken_part: str, broken_server: Airflow3Server, sign_in: SignIn
) -> None:
    page = sign_in(broken_server, "ann")
    assert_dag_list_is_airflows(page, broken_server)
    for path in (
        "/",
        "/connections",
        "/plugins",
        "/no/such/page",
        f"/dags/hello/runs/{broken_server.run_id}/tasks/greet",
    ):
        page.goto(broken_server.url + path)
        expect(page.get_by_test_id("main-content")).to_be_visible()
    expect(page.locator(FOOTER)).to_have_count(0)
    expect(page.get_by_text("line 299")).to_be_visible()
    status, media_type, _ = broken_server.get("/astro-runtime/api/runtime", broken_server.token("ann"))
    # Without the adapter the path is unknown, and Airflow answers with its own page.
    expected = {"endpoint": (500, "text/plain"), "adapter": (200, "text/html")}
    assert (status, media_type) == expected[broken_part]
    warnings = broken_server.log.read_text().count("Airflow runs without the Runtime's footer")
    assert warnings == (1 if broken_part == "adapter" else 0)


def assert_dag_list_is_airflows(page: Page, server: Airflow3Server) -> None:
    """Assert that the Dag list works and fills the window, without a footer."""
    page.goto(f"{server.url}/dags")
    page.get_by_role("link", name="hello", exact=True).wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator(FOOTER)).to_have_count(0)
    bottom = page.get_by_test_id("main-content").evaluate("element => element.getBoundingClientRect().bottom")
    assert bottom == page.evaluate("innerHeight")
