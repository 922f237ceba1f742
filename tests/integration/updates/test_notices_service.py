"""The notices with a stored update document and the operator's settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from astro_runtime_plugin.notices.service import current_notices, notices_on
from astro_runtime_plugin.options import section
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.daily import TURN, DailyCheck
from astro_runtime_plugin.updates.service import listed_releases
from testing.clear_state import clear_state
from testing.update_documents import NAMES
from testing.update_server import UpdateServer

VARIABLE = "AIRFLOW__ASTRO_RUNTIME__{}"
TODAY = date(2026, 10, 1)


@pytest.fixture(autouse=True)
def _store_document(server: UpdateServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    url = server.url("/document")
    DailyCheck(url).check()
    monkeypatch.setenv(VARIABLE.format("UPDATE_URL"), url)
    yield
    clear_state(store.KIND, TURN)
    section.warn_once.cache_clear()


def texts(running: str = "3.3-1", today: date = TODAY) -> list[str]:
    return [notice.text for notice in notices_on(running, [], today)]


def test_stored_document_makes_notices() -> None:
    assert [release.release for release in listed_releases().document] == NAMES
    assert texts() == ["Release 3.3-8 (Airflow 3.3.2) is available; 3.3-1 is running."]
    assert texts("13.5.0")[0] == "The running release 13.5.0 was yanked: Webserver throwing 500s."
    assert texts(today=date(2028, 7, 1))[0] == "Maintenance of release 3.3-1 ends on 2028-07-31, in 30 days."


@pytest.mark.parametrize("url", ["", "ftp://example.com/"])
def test_without_a_valid_url_there_are_no_notices(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(VARIABLE.format("UPDATE_URL"), url)
    assert listed_releases().document == ()
    assert texts() == []


def test_threshold_is_configurable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE.format("NOTICE_THRESHOLD_DAYS"), "90")
    assert texts(today=date(2028, 5, 10))[0] == "Maintenance of release 3.3-1 ends on 2028-07-31, in 82 days."


def test_notices_can_be_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert current_notices(include_components=False) != []
    monkeypatch.setenv(VARIABLE.format("NOTICES"), "False")
    assert current_notices() == []
