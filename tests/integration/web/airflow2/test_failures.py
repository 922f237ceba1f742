"""If a part of the Runtime's web pages fails, Airflow's pages work and look as in plain Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from testing.browser import FOOTER
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.menus import open_menu
from tests.integration.web.airflow2.server import Airflow2Server, run_webserver

# A plugin that breaks the footer's template, and what the endpoint reads.
BROKEN_PLUGIN = """
from astro_runtime_plugin.web import flask_footer
from entrypoint import record

def fail(*arguments, **options):
    raise RuntimeError("broken on purpose")

flask_footer.render_template = fail
record.decode = fail
"""


@pytest.fixture(scope="module")
def broken_server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow2Server]:
    """A webserver whose footer, endpoint and links are broken."""
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "broken.py").write_text(BROKEN_PLUGIN)
    variables = {"AIRFLOW__ASTRO_RUNTIME__LINKS": "{not json", "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins)}
    with run_webserver(home, "", variables) as server:
        yield server


def test_every_page_has_airflows_footer_if_the_footer_is_broken(
    broken_server: Airflow2Server, sign_in: SignIn
) -> None:
    page = sign_in(broken_server, "ann")
    for path in ("/home", "/dags/hello/grid", "/connection/list/", "/users/list/", "/plugin"):
        response = page.goto(broken_server.url + path)
        assert response
        assert response.status == 200
        assert_footer_is_airflows(page)
    for path, status in {"/no/such/page": 404, "/variable/edit/999": 500, "/redoc": 200}.items():
        response = page.goto(broken_server.url + path)
        assert response
        assert response.status == status
        assert "astro-runtime" not in page.content()


def test_broken_footer_is_logged_once(broken_server: Airflow2Server, sign_in: SignIn) -> None:
    page = sign_in(broken_server, "vic")
    for _ in range(2):
        page.goto(f"{broken_server.url}/home")
    log = broken_server.log.read_text()
    assert log.count("Pages go out without the Runtime's footer: RuntimeError('broken on purpose')") == 1
    assert "[astro_runtime] links must be a JSON object of names and http(s) URLs" in log


def test_broken_endpoint_does_not_affect_pages(broken_server: Airflow2Server, sign_in: SignIn) -> None:
    page = sign_in(broken_server, "vic")
    assert page.request.get(f"{broken_server.url}/astro-runtime/api/runtime").status == 500
    page.goto(f"{broken_server.url}/home")
    assert_footer_is_airflows(page)
    menu = open_menu(page, "Docs")
    expect(menu.get_by_role("link", name="Release notes")).to_be_visible()  # a default link


def assert_footer_is_airflows(page: Page) -> None:
    """Assert that the only footer is Airflow's, with its version."""
    expect(page.locator(FOOTER)).to_have_count(0)
    expect(page.locator("footer")).to_have_count(1)
    expect(page.locator("footer.footer a")).to_have_text("v2.11.2")
