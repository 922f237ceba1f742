"""Tests of identity/provider/renewal.py without a provider."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from astro_runtime_plugin.identity.provider import renewal
from testing.waiting import wait_until


def test_only_some_threads_wait() -> None:
    answers = threading.Event()

    def fetch() -> None:
        answers.wait(300)

    keys = renewal.Renewal("test", fetch)
    with ThreadPoolExecutor(renewal.MAX_WAITING) as pool:
        waits = [pool.submit(keys.request_and_wait, 300) for _ in range(renewal.MAX_WAITING)]
        wait_until(lambda: keys._waiting == renewal.MAX_WAITING, pause=0.01)
        assert keys.request_and_wait(300) is False
        answers.set()
        assert all(wait.result() for wait in waits)
    assert keys._waiting == 0
