"""What is kept of a task's requests; the proof of the fix shows the rest with real supervisors."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest

from astro_runtime_plugin.fixes.support.pending_requests import MAX_PENDING, PendingRequest, keep

REFUSED = httpx.ConnectError("refused")


class Client:
    """What a supervisor's requests are kept by."""


@pytest.fixture
def supervisor() -> SimpleNamespace:
    return SimpleNamespace(client=Client())


def test_only_a_request_that_an_outage_stopped_is_kept(supervisor: SimpleNamespace) -> None:
    assert keep(supervisor, PendingRequest(1, lambda: None), REFUSED)
    assert not keep(supervisor, PendingRequest(2, lambda: None), ValueError())


def test_number_of_kept_requests_is_limited(supervisor: SimpleNamespace) -> None:
    kept = [keep(supervisor, PendingRequest(i, lambda: None), REFUSED) for i in range(MAX_PENDING + 1)]
    assert kept == [*[True] * MAX_PENDING, False]
