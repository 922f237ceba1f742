"""The footer on Airflow 2, in a Flask app of the same make: a base template, and pages of every kind."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, render_template, render_template_string
from flask.testing import FlaskClient
from jinja2 import DictLoader
from pytest_mock import MockerFixture

from astro_runtime_plugin.web import flask_footer, schemas
from astro_runtime_plugin.web.flask_footer import FOOTERS, FooterBlueprint

DRAWN = FOOTERS[0]
STOCK = b'<footer class="footer">v2.11.2</footer>'
BASE = b"<html><body>page{%% block footer %%}%s{%% endblock %%}</body></html>" % STOCK
AS_STOCK = b"<html><body>page%s</body></html>" % STOCK
LINKS = {"<b>Wiki</b>": "https://wiki.example.com/?a=1&b=2"}
PAGE = b"<html><body>a </body> in the text</body></html>"

Client = Callable[..., FlaskClient]


@pytest.fixture
def make() -> Client:
    """Return a function that makes a client; what it is given are views, and who is logged in."""

    def made(is_logged_in: Callable[[], bool] = lambda: True, **views: Callable[[], Any]) -> FlaskClient:
        app = Flask("airflow")
        app.jinja_loader = DictLoader({"main.html": BASE.decode()})  # type: ignore[assignment]
        app.appbuilder = SimpleNamespace(base_template="main.html")  # type: ignore[attr-defined]
        app.context_processor(lambda: {"git_version": ".release:abc"})
        shown = schemas.runtime_info("13.0.0", '"><script>alert(1)</script>', "2.11.2", LINKS, ())
        app.register_blueprint(FooterBlueprint(shown, is_logged_in))
        app.add_url_rule("/", view_func=lambda: render_template(app.appbuilder.base_template))  # type: ignore[attr-defined]
        for name, view in views.items():
            app.add_url_rule(f"/{name}", name, view)
        return app.test_client()

    return made


def test_the_footer_takes_the_place_of_airflows_and_holds_what_it_said(make: Client) -> None:
    page = make().get("/").data
    assert page.count(b"<footer") == page.count(DRAWN) == 1
    assert b"page<link" in page
    assert b'href="https://airflow.apache.org/docs/apache-airflow/2.11.2/"' in page
    assert b"<bdi>Git version .release:abc</bdi>" in page


def test_everything_shown_is_escaped(make: Client) -> None:
    page = make().get("/").data
    assert b"<script>" not in page
    assert b"<b>" not in page
    assert b'data-image-tag="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
    assert b'href="https://wiki.example.com/?a=1&amp;b=2"' in page


def test_a_visitor_without_a_login_is_shown_the_page_as_it_is(make: Client) -> None:
    client = make(lambda: False, alone=lambda: PAGE)
    assert client.get("/").data == AS_STOCK
    assert client.get("/alone").data == PAGE


def test_a_page_of_its_own_ends_with_the_footer(make: Client) -> None:
    client = make(alone=lambda: PAGE, bare=lambda: ("<h1>400</h1>", 400))
    alone, bare = client.get("/alone"), client.get("/bare")
    assert alone.data.startswith(b"<html><body>a </body> in the text<link")
    assert alone.data.endswith(b"</footer></body></html>")
    assert bare.data.startswith(b"<h1>400</h1><link")
    assert bare.data.endswith(b"</footer>")
    for page in (alone, bare):
        assert page.data.count(DRAWN) == 1
        assert page.content_length == len(page.data)
    assert client.head("/alone").content_length == len(alone.data)


def test_a_page_that_fails_when_half_drawn_leaves_its_footer_to_the_page_about_the_error(
    make: Client,
) -> None:
    def failing() -> str:
        return render_template_string("{{ astro_runtime_footer() }}{{ 1 / 0 }}")

    client = make(failing=failing)
    client.application.register_error_handler(500, lambda error: ("<body>Ooops</body>", 500))
    answer = client.get("/failing")
    assert (answer.status_code, answer.data.count(DRAWN)) == (500, 1)


def streamed() -> Response:
    return Response(iter([PAGE]))


NO_PAGES: dict[str, Callable[[], Any]] = {
    "json": lambda: {"</body>": 1},
    "text": lambda: Response(PAGE, mimetype="text/plain"),
    "streamed": streamed,
    "gzipped": lambda: Response(gzip.compress(PAGE, mtime=0), headers={"Content-Encoding": "gzip"}),
    "download": lambda: Response(PAGE, headers={"Content-Disposition": "attachment; filename=page.html"}),
    "redirect": lambda: Response(PAGE, 302, {"Location": "/"}),
}


@pytest.mark.parametrize("name", NO_PAGES)
def test_what_is_no_whole_page_is_left_alone(make: Client, name: str) -> None:
    assert DRAWN not in make(**NO_PAGES).get(f"/{name}").data


def test_what_a_script_fetches_is_left_alone(make: Client) -> None:
    client = make(alone=lambda: PAGE)
    assert client.get("/alone", headers={"Sec-Fetch-Dest": "empty"}).data == PAGE
    assert DRAWN in client.get("/alone", headers={"Sec-Fetch-Dest": "document"}).data


def broken(*arguments: object, **more: object) -> Any:
    raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("part", ["login", "template", "is_page"])
def test_a_footer_that_fails_leaves_the_page_as_it_is_and_is_said_once(
    make: Client, mocker: MockerFixture, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    if part != "login":
        mocker.patch.object(flask_footer, {"template": "render_template"}.get(part, part), broken)
    client = make(*([broken] if part == "login" else []), alone=lambda: PAGE)
    for _ in range(2):
        assert client.get("/alone").data == PAGE
        assert (client.get("/").data == AS_STOCK) == (part != "is_page")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "broken on purpose" in caplog.text


def test_a_footer_that_works_again_in_the_same_request_comes_not_beside_airflows(make: Client) -> None:
    results = iter([False, True])
    assert make(lambda: next(results)).get("/").data == AS_STOCK


def test_a_layout_that_cannot_be_had_is_not_laid_over(
    make: Client, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.object(flask_footer, "LAYOUT", "astro_runtime/gone.html")
    assert make().get("/").data == AS_STOCK
    assert "TemplateNotFound" in caplog.text


def test_the_style_sheets_are_asked_for_again(make: Client) -> None:
    for name in ("footer.css", "footer-airflow2.css"):
        answer = make().get(f"/astro-runtime/static/{name}")
        assert answer.status_code == 200
        assert answer.cache_control.no_cache
