"""The store in S3 against a real server."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import StoreError, open_store
from testing.s3_server import READ_ONLY_KEY, READ_ONLY_SECRET, S3Server
from tests.integration.task_logs.conftest import Place

KEY = "dag/attempt=1.log"


def test_refusal_is_named_without_a_secret(
    s3: S3Server, s3_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in s3.environ(READ_ONLY_KEY, READ_ONLY_SECRET).items():
        monkeypatch.setenv(name, text)
    store = open_store(TaskLogSettings(url=s3_place.url))
    with pytest.raises(StoreError, match=r"\APutObject: AccessDenied\Z"):
        store.put_new(KEY, b"text")
