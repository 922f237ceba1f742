from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.web.asgi_footer import FooterMiddleware, Message, Receive, Send, script_tag

PAGE = b"<html><body>\xc3\xa9</body></html>"
HTML = (b"content-type", b"text/html; charset=utf-8")
LOGGED_IN = [(b"cookie", b"a=b; _token=xyz")]
TAG = b'<script src="/astro-runtime/static/footer.js" defer></script>'


def serve(
    headers: list[tuple[bytes, bytes]],
    chunks: list[bytes],
    request_headers: list[tuple[bytes, bytes]] = LOGGED_IN,
    status: int = 200,
    **scope: Any,
) -> tuple[dict[bytes, bytes], list[bytes]]:
    """Return the headers and chunks that a client receives if the app behind the middleware sends these."""
    sent: list[Message] = []

    async def app(_: Message, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, chunk in enumerate(chunks, 1):
            await send({"type": "http.response.body", "body": chunk, "more_body": number < len(chunks)})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    full_scope = {"type": "http", "method": "GET", "headers": request_headers, **scope}
    asyncio.run(FooterMiddleware(app, "_token", "X-Auth-Token")(full_scope, receive, send))
    return dict(sent[0]["headers"]), [message["body"] for message in sent[1:]]


def test_page_ends_with_the_script_and_has_its_content_length() -> None:
    length = str(len(PAGE)).encode()
    headers, body = serve([HTML, (b"Content-Length", length)], [PAGE])
    assert body == [PAGE + TAG]
    assert headers[b"Content-Length"] == str(len(PAGE + TAG)).encode()


def test_streamed_page_is_not_buffered_and_ends_with_the_script() -> None:
    headers, body = serve([HTML], [b"<html>", b"</html>", b""])
    assert body == [b"<html>", b"</html>", TAG]
    assert headers == dict([HTML])


def test_head_request_gets_the_content_length_of_get_and_no_body() -> None:
    headers, body = serve([HTML, (b"content-length", b"10")], [b""], method="HEAD")
    assert body == [b""]
    assert headers[b"content-length"] == str(10 + len(TAG)).encode()


@pytest.mark.parametrize("status", [404, 500])
def test_error_page_gets_the_script(status: int) -> None:
    assert serve([HTML], [PAGE], status=status)[1] == [PAGE + TAG]


@pytest.mark.parametrize("destination", ["document", "iframe"])
def test_page_that_a_browser_displays_gets_the_script(destination: str) -> None:
    headers = [*LOGGED_IN, (b"sec-fetch-dest", destination.encode())]
    assert serve([HTML], [PAGE], headers)[1] == [PAGE + TAG]


@pytest.mark.parametrize(
    "name", ["json", "compressed", "attachment", "no type", "partial", "moved", "not modified"]
)
def test_response_that_is_not_a_whole_page_is_unchanged(name: str) -> None:
    headers = {
        "json": [(b"content-type", b"application/json")],
        "compressed": [HTML, (b"content-encoding", b"br")],
        "attachment": [HTML, (b"content-disposition", b'attachment; filename="report.html"')],
        "no type": [],
    }.get(name, [HTML])
    status = {"partial": 206, "moved": 302, "not modified": 304}.get(name, 200)
    with_length = [*headers, (b"content-length", b"7")]
    assert serve(with_length, [b"<html/>"], status=status) == (dict(with_length), [b"<html/>"])


@pytest.mark.parametrize(
    "request_headers",
    [
        [],
        [(b"cookie", b"csrf_token=xyz")],
        [(b"cookie", b"a=_token; session=x")],
        [*LOGGED_IN, (b"sec-fetch-dest", b"empty")],
    ],
)
def test_request_without_credentials_or_by_a_script_gets_the_page_unchanged(
    request_headers: list[tuple[bytes, bytes]],
) -> None:
    assert serve([HTML], [PAGE], request_headers)[1] == [PAGE]


@pytest.mark.parametrize("header", [b"authorization", b"x-auth-token"])
def test_header_of_a_program_or_a_proxy_counts_as_credentials(header: bytes) -> None:
    assert serve([HTML], [PAGE], [(header, b"Bearer xyz")])[1] == [PAGE + TAG]


def test_page_is_unchanged_if_the_server_sends_files_itself() -> None:
    assert serve([HTML], [PAGE], extensions={"http.response.pathsend": {}})[1] == [PAGE]


@pytest.mark.parametrize("prefix", ["/team/airflow", '/"><b>'])
def test_script_url_has_the_escaped_path_prefix(prefix: str) -> None:
    tag = script_tag(prefix)
    assert tag.count(b"<") == 2
    assert tag.count(b'"') == 2
    assert serve([HTML], [PAGE], root_path=prefix)[1] == [PAGE + tag]
    assert b'src="/team/airflow/astro-runtime/static/footer.js"' in script_tag("/team/airflow")


def test_response_that_breaks_the_footer_is_unchanged_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = [HTML, (b"content-length", b"seven")]
    with caplog.at_level(logging.WARNING, "astro_runtime"):
        assert serve(headers, [b"<html", b"/>"]) == (dict(headers), [b"<html", b"/>"])
    assert len(caplog.records) == 1
    assert "without the Runtime's footer" in caplog.text


def test_request_that_breaks_the_footer_is_served_with_one_warning(
    caplog: pytest.LogCaptureFixture, mocker: MockerFixture
) -> None:
    mocker.patch("astro_runtime_plugin.web.asgi_footer.script_tag", side_effect=RuntimeError("no script"))
    assert serve([HTML], [PAGE])[1] == [PAGE]
    assert len(caplog.records) == 1
    assert "no script" in caplog.text


VALIDATORS = [
    (b"ETag", b'"1"'),
    (b"Last-Modified", b"Wed, 21 Oct 2026 07:28:00 GMT"),
    (b"content-md5", b"x"),
    (b"Digest", b"x"),
    (b"content-digest", b"x"),
    (b"repr-digest", b"x"),
    (b"accept-ranges", b"bytes"),
]


def test_extended_page_loses_what_described_the_body_before() -> None:
    assert serve([HTML, *VALIDATORS], [PAGE]) == (dict([HTML]), [PAGE + TAG])


@pytest.mark.parametrize("content_type", [b"application/json", b"text/html; charset=utf-16"])
def test_unchanged_response_keeps_its_validators(content_type: bytes) -> None:
    headers = [(b"content-type", content_type), *VALIDATORS]
    assert serve(headers, [PAGE]) == (dict(headers), [PAGE])
    assert serve([HTML, *VALIDATORS], [PAGE], []) == (dict([HTML, *VALIDATORS]), [PAGE])


CONDITIONS = [(b"if-none-match", b'"1"'), (b"if-modified-since", b"Wed, 21 Oct 2026 07:28:00 GMT")]
FOR_A_PAGE = (b"accept", b"text/html,application/xhtml+xml")


def received_headers(*request_headers: tuple[bytes, bytes]) -> set[bytes]:
    """Return the names of the headers that the app behind the middleware receives."""
    scopes: list[Message] = []

    async def app(scope: Message, _: Receive, __: Send) -> None:
        scopes.append(scope)

    async def unused(*_: Any) -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "headers": [*request_headers, *CONDITIONS]}
    asyncio.run(FooterMiddleware(app, "_token")(scope, unused, unused))
    return {name for name, _ in scopes[0]["headers"]}


def test_page_from_before_the_login_is_not_confirmed() -> None:
    assert received_headers(*LOGGED_IN, FOR_A_PAGE) == {b"cookie", b"accept"}
    assert received_headers(*LOGGED_IN, (b"sec-fetch-dest", b"iframe")) == {b"cookie", b"sec-fetch-dest"}


def test_other_request_keeps_its_conditions() -> None:
    conditions = {name for name, _ in CONDITIONS}
    assert conditions < received_headers(*LOGGED_IN, (b"accept", b"*/*"))
    assert conditions < received_headers(*LOGGED_IN, FOR_A_PAGE, (b"sec-fetch-dest", b"script"))
    assert conditions < received_headers(FOR_A_PAGE)
