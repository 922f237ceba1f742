"""The footer on Airflow 2, in a Flask app like Airflow's: a base template, and pages of every kind."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, render_template, render_template_string, request
from flask.testing import FlaskClient
from jinja2 import DictLoader
from pytest_mock import MockerFixture
from werkzeug.wrappers import Response as BaseResponse

from astro_runtime_plugin.web import flask_footer, schemas
from astro_runtime_plugin.web.flask_footer import RUNTIME_FOOTER, FooterBlueprint

AIRFLOW_FOOTER = b'<footer class="footer">v2.11.2</footer>'
LAYOUT = b"<html><body>page{%% block footer %%}%s{%% endblock %%}</body></html>" % AIRFLOW_FOOTER
AIRFLOW_PAGE = b"<html><body>page%s</body></html>" % AIRFLOW_FOOTER
LINKS = {"<b>Wiki</b>": "https://wiki.example.com/?a=1&b=2"}
PAGE = b"<html><body>a </body> in the text</body></html>"

CreateClient = Callable[..., FlaskClient]


@pytest.fixture
def create_client() -> CreateClient:
    """Return a function that creates a client; it takes whether a user is logged in, and views by name."""

    def create(is_logged_in: Callable[[], bool] = lambda: True, **views: Callable[[], Any]) -> FlaskClient:
        app = Flask("airflow")
        app.jinja_loader = DictLoader({"main.html": LAYOUT.decode()})  # type: ignore[assignment]
        app.appbuilder = SimpleNamespace(base_template="main.html")  # type: ignore[attr-defined]
        app.context_processor(lambda: {"git_version": ".release:abc"})
        runtime = schemas.runtime_info("13.0.0", '"><script>alert(1)</script>', "2.11.2", LINKS, ())
        app.register_blueprint(FooterBlueprint(runtime, is_logged_in))
        app.add_url_rule("/", view_func=lambda: render_template(app.appbuilder.base_template))  # type: ignore[attr-defined]
        for name, view in views.items():
            app.add_url_rule(f"/{name}", name, view)
        return app.test_client()

    return create


def test_footer_replaces_airflows_and_includes_its_contents(create_client: CreateClient) -> None:
    page = create_client().get("/").data
    assert page.count(b"<footer") == page.count(RUNTIME_FOOTER) == 1
    assert b"page<link" in page
    assert b'href="https://airflow.apache.org/docs/apache-airflow/2.11.2/"' in page
    assert b"<bdi>Git version .release:abc</bdi>" in page


def test_footer_escapes_every_value(create_client: CreateClient) -> None:
    page = create_client().get("/").data
    assert b"<script>" not in page
    assert b"<b>" not in page
    assert b'data-image-tag="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
    assert b'href="https://wiki.example.com/?a=1&amp;b=2"' in page


def test_visitor_without_a_login_gets_the_page_unchanged(create_client: CreateClient) -> None:
    client = create_client(lambda: False, standalone=lambda: PAGE)
    assert client.get("/").data == AIRFLOW_PAGE
    assert client.get("/standalone").data == PAGE


def test_page_without_the_layout_ends_with_the_footer(create_client: CreateClient) -> None:
    client = create_client(standalone=lambda: PAGE, bare=lambda: ("<h1>400</h1>", 400))
    standalone, bare = client.get("/standalone"), client.get("/bare")
    assert standalone.data.startswith(b"<html><body>a </body> in the text<link")
    assert standalone.data.endswith(b"</footer></body></html>")
    assert bare.data.startswith(b"<h1>400</h1><link")
    assert bare.data.endswith(b"</footer>")
    for page in (standalone, bare):
        assert page.data.count(RUNTIME_FOOTER) == 1
        assert page.content_length == len(page.data)
    assert client.head("/standalone").content_length == len(standalone.data)


def test_error_page_gets_the_footer_if_the_page_failed_after_its_footer(create_client: CreateClient) -> None:
    def failing() -> str:
        return render_template_string("{{ astro_runtime_footer() }}{{ 1 / 0 }}")

    client = create_client(failing=failing)
    client.application.register_error_handler(500, lambda error: ("<body>Ooops</body>", 500))
    response = client.get("/failing")
    assert (response.status_code, response.data.count(RUNTIME_FOOTER)) == (500, 1)


NO_PAGES: dict[str, Callable[[], Any]] = {
    "json": lambda: {"</body>": 1},
    "text": lambda: Response(PAGE, mimetype="text/plain"),
    "streamed": lambda: Response(iter([PAGE])),
    "gzipped": lambda: Response(gzip.compress(PAGE, mtime=0), headers={"Content-Encoding": "gzip"}),
    "download": lambda: Response(PAGE, headers={"Content-Disposition": "attachment; filename=page.html"}),
    "redirect": lambda: Response(PAGE, 302, {"Location": "/"}),
}


@pytest.mark.parametrize("name", NO_PAGES)
def test_response_that_is_not_a_whole_page_is_unchanged(create_client: CreateClient, name: str) -> None:
    assert RUNTIME_FOOTER not in create_client(**NO_PAGES).get(f"/{name}").data


def test_page_that_a_script_requests_is_unchanged(create_client: CreateClient) -> None:
    client = create_client(standalone=lambda: PAGE)
    assert client.get("/standalone", headers={"Sec-Fetch-Dest": "empty"}).data == PAGE
    assert RUNTIME_FOOTER in client.get("/standalone", headers={"Sec-Fetch-Dest": "document"}).data


def fail(*arguments: object, **options: object) -> Any:
    raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("part", ["login", "render_template", "is_page"])
def test_failing_footer_leaves_pages_unchanged_with_one_warning(
    create_client: CreateClient, mocker: MockerFixture, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    if part != "login":
        mocker.patch.object(flask_footer, part, fail)
    client = create_client(*([fail] if part == "login" else []), standalone=lambda: PAGE)
    for _ in range(2):
        assert client.get("/standalone").data == PAGE
        assert (client.get("/").data == AIRFLOW_PAGE) == (part != "is_page")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "broken on purpose" in caplog.text


def test_footer_is_not_appended_to_a_page_with_airflows_footer(create_client: CreateClient) -> None:
    results = iter([False, True])  # logged in only when the footer would be appended
    assert create_client(lambda: next(results)).get("/").data == AIRFLOW_PAGE


def test_missing_layout_leaves_airflows_layout(
    create_client: CreateClient, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.object(flask_footer, "LAYOUT", "astro_runtime/missing.html")
    assert create_client().get("/").data == AIRFLOW_PAGE
    assert "TemplateNotFound" in caplog.text


def test_stylesheets_are_revalidated(create_client: CreateClient) -> None:
    for name in ("footer.css", "footer-airflow2.css"):
        response = create_client().get(f"/astro-runtime/static/{name}")
        assert response.status_code == 200
        assert response.cache_control.no_cache


VALIDATORS = {
    "ETag": '"1"',
    "Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT",
    "Content-MD5": "x",
    "Digest": "x",
    "Content-Digest": "x",
    "Repr-Digest": "x",
    "Accept-Ranges": "bytes",
}


def conditional_page() -> Response:
    """Return a page that a browser may keep, or "not modified"."""
    response = Response(PAGE, headers=VALIDATORS)
    response.make_conditional(request)
    return response


def validators(response: BaseResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name in VALIDATORS}


def test_extended_page_loses_what_described_the_body_before(create_client: CreateClient) -> None:
    response = create_client(page=conditional_page).get("/page")
    assert RUNTIME_FOOTER in response.data
    assert validators(response) == {}


def test_page_with_the_layouts_footer_loses_what_described_the_body_before(
    create_client: CreateClient,
) -> None:
    def layout() -> Response:
        return Response(render_template(flask_footer.LAYOUT), headers=VALIDATORS)

    assert validators(create_client(page=layout).get("/page")) == {}
    assert validators(create_client(lambda: False, page=layout).get("/page")) == VALIDATORS


def test_unchanged_response_keeps_its_validators(create_client: CreateClient) -> None:
    def utf_16() -> Response:
        return Response("<p>é".encode("utf-16"), headers=VALIDATORS, content_type="text/html; charset=utf-16")

    client = create_client(lambda: False, page=conditional_page)
    assert (client.get("/page").data, validators(client.get("/page"))) == (PAGE, VALIDATORS)
    response = create_client(utf_16=utf_16).get("/utf_16")
    assert (response.data, validators(response)) == ("<p>é".encode("utf-16"), VALIDATORS)


@pytest.mark.parametrize(
    "condition", [{"If-None-Match": '"1"'}, {"If-Modified-Since": VALIDATORS["Last-Modified"]}]
)
def test_page_from_before_the_login_is_not_confirmed(
    create_client: CreateClient, condition: dict[str, str]
) -> None:
    client, accept = create_client(page=conditional_page), {"Accept": "text/html,*/*"}
    assert RUNTIME_FOOTER in client.get("/page", headers={**condition, **accept}).data
    assert client.get("/page", headers={**condition, "Accept": "*/*"}).status_code == 304
    visitor = create_client(lambda: False, page=conditional_page)
    assert visitor.get("/page", headers={**condition, **accept}).status_code == 304
