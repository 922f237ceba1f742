from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.web.footer import FooterMiddleware, Message, Receive, Send, script

PAGE = b"<html><body>\xc3\xa9</body></html>"
HTML = (b"content-type", b"text/html; charset=utf-8")
LOGGED_IN = [(b"cookie", b"a=b; _token=xyz")]
TAG = b'<script src="/astro-runtime/static/footer.js" defer></script>'


def answered(
    headers: list[tuple[bytes, bytes]],
    chunks: list[bytes],
    asked: list[tuple[bytes, bytes]] = LOGGED_IN,
    status: int = 200,
    **scope: Any,
) -> tuple[dict[bytes, bytes], list[bytes]]:
    """Return the headers and chunks that a client gets when the app behind the middleware answers so."""
    sent: list[Message] = []

    async def app(_: Message, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for place, chunk in enumerate(chunks, 1):
            await send({"type": "http.response.body", "body": chunk, "more_body": place < len(chunks)})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "GET", "headers": asked, **scope}
    asyncio.run(FooterMiddleware(app, "_token")(whole, receive, send))
    return dict(sent[0]["headers"]), [message["body"] for message in sent[1:]]


def test_a_page_ends_with_the_script_and_says_its_length() -> None:
    length = str(len(PAGE)).encode()
    headers, body = answered([HTML, (b"Content-Length", length)], [PAGE])
    assert body == [PAGE + TAG]
    assert headers[b"Content-Length"] == str(len(PAGE + TAG)).encode()


def test_a_stream_goes_out_chunk_by_chunk_and_ends_with_the_script() -> None:
    headers, body = answered([HTML], [b"<html>", b"</html>", b""])
    assert body == [b"<html>", b"</html>", TAG]
    assert headers == dict([HTML])


def test_head_says_the_length_that_get_would_and_has_no_body() -> None:
    headers, body = answered([HTML, (b"content-length", b"10")], [b""], method="HEAD")
    assert body == [b""]
    assert headers[b"content-length"] == str(10 + len(TAG)).encode()


@pytest.mark.parametrize("status", [404, 500])
def test_an_error_page_is_a_page(status: int) -> None:
    assert answered([HTML], [PAGE], status=status)[1] == [PAGE + TAG]


@pytest.mark.parametrize("asked_for", ["document", "iframe"])
def test_what_a_browser_shows_is_a_page(asked_for: str) -> None:
    asked = [*LOGGED_IN, (b"sec-fetch-dest", asked_for.encode())]
    assert answered([HTML], [PAGE], asked)[1] == [PAGE + TAG]


@pytest.mark.parametrize(
    "name", ["json", "compressed", "attachment", "no type", "partial", "moved", "not modified"]
)
def test_what_is_no_whole_page_is_left_alone(name: str) -> None:
    headers = {
        "json": [(b"content-type", b"application/json")],
        "compressed": [HTML, (b"content-encoding", b"br")],
        "attachment": [HTML, (b"content-disposition", b'attachment; filename="report.html"')],
        "no type": [],
    }.get(name, [HTML])
    status = {"partial": 206, "moved": 302, "not modified": 304}.get(name, 200)
    given = [*headers, (b"content-length", b"7")]
    assert answered(given, [b"<html/>"], status=status) == (dict(given), [b"<html/>"])


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [(b"cookie", b"csrf_token=xyz")],
        [(b"cookie", b"a=_token; session=x")],
        [*LOGGED_IN, (b"sec-fetch-dest", b"empty")],
    ],
)
def test_without_a_login_or_for_a_script_nothing_is_added(asked: list[tuple[bytes, bytes]]) -> None:
    assert answered([HTML], [PAGE], asked)[1] == [PAGE]


def test_a_bearer_token_is_a_login() -> None:
    assert answered([HTML], [PAGE], [(b"authorization", b"Bearer xyz")])[1] == [PAGE + TAG]


def test_a_file_that_the_server_sends_itself_is_left_alone() -> None:
    assert answered([HTML], [PAGE], extensions={"http.response.pathsend": {}})[1] == [PAGE]


@pytest.mark.parametrize("prefix", ["/team/airflow", '/"><b>'])
def test_the_script_is_found_under_the_path_prefix(prefix: str) -> None:
    tag = script(prefix)
    assert tag.count(b"<") == 2
    assert tag.count(b'"') == 2
    assert answered([HTML], [PAGE], root_path=prefix)[1] == [PAGE + tag]
    assert b'src="/team/airflow/astro-runtime/static/footer.js"' in script("/team/airflow")


def test_an_answer_that_the_footer_cannot_handle_goes_out_as_it_is_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = [HTML, (b"content-length", b"seven")]
    with caplog.at_level(logging.WARNING, "astro_runtime"):
        assert answered(given, [b"<html", b"/>"]) == (dict(given), [b"<html", b"/>"])
    assert len(caplog.records) == 1
    assert "without the Runtime's footer" in caplog.text


def test_a_request_that_the_footer_cannot_handle_is_answered(
    caplog: pytest.LogCaptureFixture, mocker: MockerFixture
) -> None:
    mocker.patch("astro_runtime_plugin.web.footer.script", side_effect=RuntimeError("no script"))
    assert answered([HTML], [PAGE])[1] == [PAGE]
    assert len(caplog.records) == 1
    assert "no script" in caplog.text
