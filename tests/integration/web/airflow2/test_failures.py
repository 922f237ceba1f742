"""Whatever fails in the face, Airflow's pages work, and are as Airflow made them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from testing.browser import FOOTER
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.server import Server, serving

# A plugin that breaks the footer's template and what the endpoint reads.
BROKEN = """
from astro_runtime_plugin.web import flask_footer
from entrypoint import record

def broken(*arguments, **more):
    raise RuntimeError("broken on purpose")

flask_footer.render_template = broken
record.decode = broken
"""


@pytest.fixture(scope="module")
def broken(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A webserver whose footer, endpoint and links are broken."""
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "broken.py").write_text(BROKEN)
    more = {"AIRFLOW__ASTRO_RUNTIME__LINKS": "{not json", "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins)}
    with serving(home, "", more) as server:
        yield server


def test_with_a_broken_footer_every_page_is_as_airflow_made_it(broken: Server, sign_in: SignIn) -> None:
    page = sign_in(broken, "ann")
    for path in ("/home", "/dags/hello/grid", "/connection/list/", "/users/list/", "/plugin"):
        answer = page.goto(broken.url + path)
        assert answer
        assert answer.status == 200
        as_airflow_made_it(page)
    for path, status in {"/no/such/page": 404, "/variable/edit/999": 500, "/redoc": 200}.items():
        answer = page.goto(broken.url + path)
        assert answer
        assert answer.status == status
        assert "astro-runtime" not in page.content()


def test_a_failure_is_said_once(broken: Server, sign_in: SignIn) -> None:
    page = sign_in(broken, "vic")
    for _ in range(2):
        page.goto(f"{broken.url}/home")
    log = broken.log.read_text()
    assert log.count("Pages go out without the Runtime's footer: RuntimeError('broken on purpose')") == 1
    assert "[astro_runtime] links must be a JSON object of names and http(s) URLs" in log


def test_a_failing_endpoint_fails_alone(broken: Server, sign_in: SignIn) -> None:
    page = sign_in(broken, "vic")
    assert page.request.get(f"{broken.url}/astro-runtime/api/runtime").status == 500
    page.goto(f"{broken.url}/home")
    as_airflow_made_it(page)
    page.get_by_text("Docs", exact=True).hover()
    expect(page.get_by_role("link", name="Release notes")).to_be_visible()  # a default link


def as_airflow_made_it(page: Page) -> None:
    """Check that Airflow's own footer, and no other, says Airflow's version."""
    expect(page.locator(FOOTER)).to_have_count(0)
    expect(page.locator("footer")).to_have_count(1)
    expect(page.locator("footer.footer a")).to_have_text("v2.11.2")
