"""Which ETag of a response is kept."""

from __future__ import annotations

import httpx
import pytest

from astro_runtime_plugin.updates.download_process import MAX_ETAG_LENGTH, _read_response


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        (b"x" * MAX_ETAG_LENGTH, "x" * MAX_ETAG_LENGTH),
        (b"x" * (MAX_ETAG_LENGTH + 1), None),
        (b"\xff", None),
        (b"a\tb", None),
        (b"", None),
    ],
)
def test_etag_that_cannot_be_sent_back_is_dropped(etag: bytes, kept: str | None) -> None:
    response = httpx.Response(200, headers=[(b"ETag", etag)], stream=httpx.ByteStream(b"{}"))
    assert _read_response(response, None, 2) == {"text": "{}", "etag": kept}
