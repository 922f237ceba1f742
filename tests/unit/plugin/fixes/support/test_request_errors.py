"""Which errors of requests mean an outage; the proof of `api-server-outage` asks a real execution API."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from astro_runtime_plugin.fixes.support.request_errors import is_api_outage, may_pass

REQUEST = httpx.Request("GET", "http://127.0.0.1/")
DATABASE_AWAY = {"detail": {"reason": "Database error", "statement": "hidden"}}


def status_error(status: int, content: Any = None) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("", request=REQUEST, response=httpx.Response(status, json=content))


def unread_error() -> httpx.HTTPStatusError:
    response = httpx.Response(500, stream=httpx.ByteStream(b"{}"))
    return httpx.HTTPStatusError("", request=REQUEST, response=response)


def distrust() -> httpx.ConnectError:
    error = httpx.ConnectError("")
    error.__cause__ = OSError()
    error.__cause__.__context__ = ssl.SSLCertVerificationError()
    return error


@pytest.mark.parametrize(
    ("error", "passes", "outage"),
    [
        (httpx.ConnectError("refused"), True, True),
        (httpx.ReadTimeout(""), True, True),
        (httpx.RemoteProtocolError(""), True, True),
        (status_error(429), True, True),
        (status_error(502), True, True),
        (status_error(503), True, True),
        (status_error(504), True, True),
        (status_error(500, DATABASE_AWAY), True, True),
        (status_error(500, {"message": "Internal server error"}), True, False),
        (status_error(500, {"detail": "An error occurred while trying to deserialize Dag"}), True, False),
        (status_error(500, ["Database error"]), True, False),
        (unread_error(), True, False),
        (status_error(501), True, False),
        (distrust(), True, False),
        (httpx.UnsupportedProtocol(""), True, False),
        (httpx.TooManyRedirects(""), True, False),
        (status_error(403), False, False),
        (status_error(404), False, False),
        (status_error(409, DATABASE_AWAY), False, False),
        (status_error(410), False, False),
        (ValueError(), False, False),
    ],
)
def test_outage_is_no_answer_or_that_of_a_troubled_server(
    error: Exception, passes: bool, outage: bool
) -> None:
    assert (may_pass(error), is_api_outage(error)) == (passes, outage)
