"""Once a day, with Airflow's database: when the document is fetched, what stays, and what is said."""

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
from testing.clear_state import forget
from testing.update_documents import AIRFLOW_3, NAMES, REAL, text
from testing.update_server import UpdateServer, answer

OTHER = text({}, {"3.3-1": AIRFLOW_3["3.3-1"]})
USER = "operator:secret@"


@pytest.fixture(autouse=True)
def _nothing_stored() -> Iterator[None]:
    forget(store.KIND, TURN)
    yield
    forget(store.KIND, TURN)


def aged(url: str, days: float) -> None:
    """Make the stored document older, as if the last try were, too."""
    forget(TURN)
    stored = store.stored_document(url)
    if stored:
        store.confirm(stored, stored.checked - days * DAY_SECONDS)


def listed(url: str) -> list[str]:
    return [release.release for release in store.stored_releases(url)]


def test_the_first_look_fetches_and_the_next_ones_do_not(server: UpdateServer) -> None:
    url = server.url("/document")
    before = time.time()
    DailyCheck(url).check()
    stored = store.stored_document(url)
    assert stored
    assert (stored.text, stored.etag) == (REAL, server.etag)
    assert before <= stored.fetched == stored.checked <= time.time()
    assert listed(url) == NAMES
    for _ in range(3):
        DailyCheck(url).check()  # a scheduler that starts again
    assert len(server.asked) == 1


def test_after_a_day_only_a_changed_document_is_sent(server: UpdateServer) -> None:
    url = server.url("/document")
    DailyCheck(url).check()
    first = store.stored_document(url)
    aged(url, 1.1)
    DailyCheck(url).check()
    second = store.stored_document(url)
    assert first
    assert second
    assert server.asked[1][1]["If-None-Match"] == server.etag
    assert (second.text, second.fetched) == (first.text, first.fetched)
    assert second.checked > second.fetched
    server.document = OTHER.encode()
    aged(url, 1.1)
    DailyCheck(url).check()
    assert listed(url) == ["3.3-1"]


@pytest.mark.parametrize(
    "path", ["/garbage", "/empty", "/broken", "/short", "/endless", "/loop", "/latin", "/not-there"]
)
def test_the_last_good_document_stays(
    server: UpdateServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = server.url("/document", USER)
    server.how["/empty"] = answer(200, b'{"runtimeVersions": {}}')
    DailyCheck(url).check()
    server.how["/document"] = server.how.get(path, answer(404))
    aged(url, 1.1)
    DailyCheck(url).check()
    assert listed(url) == NAMES
    assert len(server.asked) >= 2
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said.startswith(f"astro-runtime: the update document {server.url('/document')} ")
    assert said.endswith("; the last good one stays")
    assert "secret" not in caplog.text


def test_a_failure_is_tried_again_later_and_not_by_every_restart(server: UpdateServer) -> None:
    url = server.url("/broken")
    for _ in range(3):
        DailyCheck(url).check()
    assert len(server.asked) == 1
    DailyCheck(url, again=0).check()
    assert len(server.asked) == 2


def test_each_kind_of_failure_is_said_once_until_a_success(
    server: UpdateServer, caplog: pytest.LogCaptureFixture
) -> None:
    daily = DailyCheck(server.url("/document"), day=0, again=0)
    good = server.how["/document"]

    def says(path: str) -> list[str]:
        caplog.clear()
        server.how["/document"] = server.how[path]
        daily.check()
        return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]

    assert len(says("/broken")) == 1
    assert says("/broken") == []
    assert len(says("/garbage")) == 1
    assert says("/broken") == []
    server.how["/good"] = good
    assert says("/good") == []
    assert len(says("/broken")) == 1


def test_the_document_of_another_url_does_not_count(server: UpdateServer) -> None:
    server.how["/other"] = answer(200, OTHER.encode())
    DailyCheck(server.url("/document")).check()
    assert listed(server.url("/other")) == []
    DailyCheck(server.url("/other")).check()
    assert listed(server.url("/other")) == ["3.3-1"]
    assert listed(server.url("/document")) == []
    assert "If-None-Match" not in server.asked[1][1]


def test_what_another_runtime_has_stored_and_this_one_cannot_read_is_none(server: UpdateServer) -> None:
    url = server.url("/document")
    for told in ("nonsense", {"source": store.source(url)}, None):
        state.put(store.KIND, store.NAME, told, retention=None)
        assert listed(url) == []
    aged(url, 0)
    DailyCheck(url).check()
    assert listed(url) == NAMES


def test_the_document_is_read_once_for_many_pages(server: UpdateServer, mocker: MockerFixture) -> None:
    url = server.url("/document")
    DailyCheck(url).check()
    assert listed(url) == NAMES
    reads = mocker.spy(state, "fetch")
    assert listed(url) == listed(url) == NAMES
    assert reads.call_count == 0
    store.keep(url, FetchedDocument(OTHER, None), time.time())
    assert listed(url) == ["3.3-1"]


def test_a_document_that_was_checked_tomorrow_is_due(server: UpdateServer) -> None:
    url = server.url("/document")
    DailyCheck(url).check()
    aged(url, -2)
    DailyCheck(url).check()
    stored = store.stored_document(url)
    assert stored
    assert len(server.asked) == 2
    assert stored.checked <= time.time()


def test_a_scheduler_whose_clock_was_wrong_stops_nobody(server: UpdateServer, mocker: MockerFixture) -> None:
    url = server.url("/document")
    clock = mocker.patch.object(time, "time", return_value=time.time() + 365 * DAY_SECONDS)
    DailyCheck(url).check()
    mocker.stop(clock)
    DailyCheck(url).check()
    stored = store.stored_document(url)
    assert stored
    assert len(server.asked) == 2
    assert stored.checked <= time.time()


def test_the_looks_are_an_hour_and_a_little_apart_and_the_first_is_soon(
    server: UpdateServer, mocker: MockerFixture
) -> None:
    daily = DailyCheck(server.url("/document"))
    look = mocker.patch.object(daily, "check")
    rest = mocker.Mock(side_effect=[*[False] * 50, SystemExit])
    with pytest.raises(SystemExit):
        daily.run(rest)
    first, *others = [call.args[0] for call in rest.call_args_list]
    assert look.call_count == len(others) == 50
    assert 0 <= first <= MAX_FIRST_DELAY
    assert all(RETRY_SECONDS <= pause <= RETRY_SECONDS * 1.2 for pause in others)
    assert max(others) - min(others) > RETRY_SECONDS * 0.05


def test_of_two_days_of_looks_two_fetch(server: UpdateServer, mocker: MockerFixture) -> None:
    clock = mocker.patch.object(time, "time", return_value=time.time())
    daily = DailyCheck(server.url("/document"))

    def rest(seconds: float) -> bool:
        clock.return_value += seconds
        if clock.return_value > begun + 2 * DAY_SECONDS:
            raise SystemExit
        return False

    begun = clock.return_value
    with pytest.raises(SystemExit):
        daily.run(rest)  # type: ignore[arg-type]
    assert len(server.asked) == 2


def test_no_url_stands_in_the_database(server: UpdateServer) -> None:
    DailyCheck(server.url("/document", USER)).check()
    everything = repr([*state.fetch(TURN).items(), *state.fetch(store.KIND).items()])
    assert store.source(server.url("/document", USER)) in everything
    assert "secret" not in everything
    assert "127.0.0.1" not in everything


def test_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "document.json"
    url = path.as_uri()
    path.write_text(REAL)
    DailyCheck(url).check()
    assert listed(url) == NAMES
    path.unlink()
    aged(url, 1.1)
    DailyCheck(url).check()
    assert listed(url) == NAMES
    assert f"the update document {url} cannot be read: No such file or directory" in caplog.text
