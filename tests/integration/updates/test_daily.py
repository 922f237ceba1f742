"""The daily check with Airflow's database: when the document is fetched, what stays stored, and what is logged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.database import state
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.daily import DAY_SECONDS, MAX_FIRST_DELAY, RETRY_SECONDS, TURN, DailyCheck
from astro_runtime_plugin.updates.fetch import FetchedDocument
from testing.clear_state import clear_state
from testing.update_documents import AIRFLOW_3, NAMES, REAL, document_text
from testing.update_server import UpdateServer, respond_with

OTHER = document_text({}, {"3.3-1": AIRFLOW_3["3.3-1"]})
USER = "operator:secret@"


@pytest.fixture(autouse=True)
def _nothing_stored() -> Iterator[None]:
    clear_state(store.KIND, TURN)
    yield
    clear_state(store.KIND, TURN)


def age_document(url: str, days: float) -> None:
    """Make the stored document older, and forget the last attempt."""
    clear_state(TURN)
    stored = store.stored_document(url)
    if stored:
        store.confirm(stored, stored.checked - days * DAY_SECONDS)


def stored_names(url: str) -> list[str]:
    return [release.release for release in store.listed_releases(url).document]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_first_check_fetches_and_the_next_ones_do_not(server: UpdateServer) -> None:
    url = server.url("/document")
    before = time.time()
    DailyCheck(url).check()
    stored = store.stored_document(url)
    assert stored
    assert (stored.text, stored.etag) == (REAL, server.etag)
    assert before <= stored.fetched == stored.checked <= time.time()
    assert stored_names(url) == NAMES
    for _ in range(3):
        DailyCheck(url).check()  # a restarted scheduler
    assert len(server.requests) == 1


def test_due_document_is_downloaded_only_if_it_has_changed(server: UpdateServer) -> None:
    url = server.url("/document")
    DailyCheck(url).check()
    first = store.stored_document(url)
    age_document(url, 1.1)
    DailyCheck(url).check()
    second = store.stored_document(url)
    assert first
    assert second
    assert server.requests[1][1]["If-None-Match"] == server.etag
    assert (second.text, second.fetched) == (first.text, first.fetched)
    assert second.checked > second.fetched
    server.document = OTHER.encode()
    age_document(url, 1.1)
    DailyCheck(url).check()
    assert stored_names(url) == ["3.3-1"]


@pytest.mark.parametrize(
    "path", ["/garbage", "/empty", "/broken", "/short", "/endless", "/loop", "/latin", "/missing"]
)
def test_last_valid_document_stays_after_a_failure(
    server: UpdateServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = server.url("/document", USER)
    server.responders["/empty"] = respond_with(200, b'{"runtimeVersions": {}}')
    DailyCheck(url).check()
    server.responders["/document"] = server.responders.get(path, respond_with(404))
    age_document(url, 1.1)
    DailyCheck(url).check()
    assert stored_names(url) == NAMES
    assert len(server.requests) >= 2
    (warning,) = warnings(caplog)
    assert warning.startswith(f"astro-runtime: the update document {server.url('/document')} ")
    assert warning.endswith("; keeping the last valid document")
    assert "secret" not in caplog.text


def test_failure_is_retried_later_but_not_by_every_restart(server: UpdateServer) -> None:
    url = server.url("/broken")
    for _ in range(3):
        DailyCheck(url).check()
    assert len(server.requests) == 1
    DailyCheck(url, retry_after=0).check()
    assert len(server.requests) == 2


def test_each_kind_of_failure_is_logged_once_until_a_success(
    server: UpdateServer, caplog: pytest.LogCaptureFixture
) -> None:
    daily = DailyCheck(server.url("/document"), max_age=0, retry_after=0)
    server.responders["/valid"] = server.responders["/document"]

    def warnings_with(path: str) -> list[str]:
        caplog.clear()
        server.responders["/document"] = server.responders[path]
        daily.check()
        return warnings(caplog)

    assert len(warnings_with("/broken")) == 1
    assert warnings_with("/broken") == []
    assert len(warnings_with("/garbage")) == 1
    assert warnings_with("/broken") == []
    assert warnings_with("/valid") == []
    assert len(warnings_with("/broken")) == 1


def test_document_of_another_url_does_not_count(server: UpdateServer) -> None:
    server.responders["/other"] = respond_with(200, OTHER.encode())
    DailyCheck(server.url("/document")).check()
    assert stored_names(server.url("/other")) == []
    DailyCheck(server.url("/other")).check()
    assert stored_names(server.url("/other")) == ["3.3-1"]
    assert stored_names(server.url("/document")) == []
    assert "If-None-Match" not in server.requests[1][1]


def test_unreadable_row_counts_as_no_document(server: UpdateServer) -> None:
    url = server.url("/document")
    for value in ("nonsense", {"source": store.source(url)}, None):
        state.put(store.KIND, store.NAME, value, retention=None)
        assert stored_names(url) == []
    age_document(url, 0)
    DailyCheck(url).check()
    assert stored_names(url) == NAMES


def test_stored_document_is_read_only_when_it_has_changed(
    server: UpdateServer, mocker: MockerFixture
) -> None:
    url = server.url("/document")
    DailyCheck(url).check()
    assert stored_names(url) == NAMES
    reads = mocker.spy(state, "fetch")
    assert stored_names(url) == stored_names(url) == NAMES
    assert reads.call_count == 0
    store.save_document(url, FetchedDocument(OTHER, None), time.time())
    assert stored_names(url) == ["3.3-1"]


def test_document_checked_in_the_future_is_due(server: UpdateServer) -> None:
    url = server.url("/document")
    DailyCheck(url).check()
    age_document(url, -2)
    DailyCheck(url).check()
    stored = store.stored_document(url)
    assert stored
    assert len(server.requests) == 2
    assert stored.checked <= time.time()


def test_turn_taken_in_the_future_does_not_count(server: UpdateServer, mocker: MockerFixture) -> None:
    url = server.url("/document")
    clock = mocker.patch.object(time, "time", return_value=time.time() + 365 * DAY_SECONDS)
    DailyCheck(url).check()
    mocker.stop(clock)
    DailyCheck(url).check()
    stored = store.stored_document(url)
    assert stored
    assert len(server.requests) == 2
    assert stored.checked <= time.time()


def test_checks_are_an_hour_and_a_little_apart_and_the_first_is_early(
    server: UpdateServer, mocker: MockerFixture
) -> None:
    daily = DailyCheck(server.url("/document"))
    check = mocker.patch.object(daily, "check")
    wait = mocker.Mock(side_effect=[*[False] * 50, SystemExit])
    with pytest.raises(SystemExit):
        daily.run(wait)
    first_delay, *pauses = [call.args[0] for call in wait.call_args_list]
    assert check.call_count == len(pauses) == 50
    assert 0 <= first_delay <= MAX_FIRST_DELAY
    assert all(RETRY_SECONDS <= pause <= RETRY_SECONDS * 1.2 for pause in pauses)
    assert max(pauses) - min(pauses) > RETRY_SECONDS * 0.05


def test_two_days_of_checks_fetch_twice(server: UpdateServer, mocker: MockerFixture) -> None:
    clock = mocker.patch.object(time, "time", return_value=time.time())
    daily = DailyCheck(server.url("/document"))

    def wait(seconds: float) -> bool:
        clock.return_value += seconds
        if clock.return_value > start + 2 * DAY_SECONDS:
            raise SystemExit
        return False

    start = clock.return_value
    with pytest.raises(SystemExit):
        daily.run(wait)  # type: ignore[arg-type]
    assert len(server.requests) == 2


def test_url_is_not_stored_in_the_database(server: UpdateServer) -> None:
    DailyCheck(server.url("/document", USER)).check()
    rows = repr([*state.fetch(TURN).items(), *state.fetch(store.KIND).items()])
    assert store.source(server.url("/document", USER)) in rows
    assert "secret" not in rows
    assert "127.0.0.1" not in rows


def test_last_valid_document_stays_after_its_file_is_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "document.json"
    url = path.as_uri()
    path.write_text(REAL)
    DailyCheck(url).check()
    assert stored_names(url) == NAMES
    path.unlink()
    age_document(url, 1.1)
    DailyCheck(url).check()
    assert stored_names(url) == NAMES
    assert f"the update document {url} cannot be read: No such file or directory" in caplog.text
