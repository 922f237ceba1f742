"""The notices of today, of what the update check has stored and what the operator has set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from astro_runtime_plugin.notices.service import all_notices, notices_of
from astro_runtime_plugin.options import section
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.daily import TURN, DailyCheck
from astro_runtime_plugin.updates.service import stored_releases
from testing.clear_state import forget
from testing.update_documents import NAMES
from testing.update_server import UpdateServer

SET = "AIRFLOW__ASTRO_RUNTIME__{}"
TODAY = date(2026, 10, 1)


@pytest.fixture(autouse=True)
def _stored(server: UpdateServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    url = server.url("/document")
    DailyCheck(url).check()
    monkeypatch.setenv(SET.format("UPDATE_URL"), url)
    yield
    forget(store.KIND, TURN)
    section._warn_once.cache_clear()


def said(running: str = "3.3-1", today: date = TODAY) -> list[str]:
    return [notice.text for notice in notices_of(running, [], today)]


def test_what_is_stored_is_known_and_said() -> None:
    assert [release.release for release in stored_releases()] == NAMES
    assert said() == ["Release 3.3-8 (Airflow 3.3.2) is available; 3.3-1 runs here."]
    assert said("13.5.0")[0] == "Release 13.5.0, which runs here, was yanked: Webserver throwing 500s."
    assert said(today=date(2028, 7, 1))[0] == "Maintenance of release 3.3-1 ends on 2028-07-31, in 30 days."


@pytest.mark.parametrize("url", ["", "ftp://example.com/"])
def test_without_the_url_nothing_is_known(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(SET.format("UPDATE_URL"), url)
    assert stored_releases() == []
    assert said() == []


def test_the_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SET.format("NOTICE_THRESHOLD_DAYS"), "90")
    assert said(today=date(2028, 5, 10))[0] == "Maintenance of release 3.3-1 ends on 2028-07-31, in 82 days."


def test_the_opt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all_notices(components_too=False) != []
    monkeypatch.setenv(SET.format("NOTICES"), "False")
    assert all_notices() == []
