from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from astro_runtime_plugin.task_logs.airflow2 import reading
from astro_runtime_plugin.task_logs.airflow2.reading import TryLog, line_time
from astro_runtime_plugin.task_logs.layout import chunk_key
from astro_runtime_plugin.task_logs.reading import page_store
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.store import StoreError

PATH = "dag_id=dag/attempt=1.log"
TRIGGER = f"{PATH}.trigger.5.log"


def timed(second: int, text: str) -> bytes:
    return f"[2026-11-26T10:00:{second:02}.000+0000] {{a.py:1}} INFO - {text}\n".encode()


class Home:
    """A store in a folder, and a machine without log files."""

    def __init__(self, folder: Path) -> None:
        self.store, self.logs = FolderStore(str(folder / "store")), folder / "logs"
        self.settings = TaskLogSettings(url=f"file://{folder}/store")

    def read(
        self,
        metadata: dict[str, Any] | None = None,
        state: str = "success",
        age: float = 3600,
        path: str = PATH,
    ) -> Any:
        moment = datetime.now(timezone.utc) - timedelta(seconds=age)
        ti = SimpleNamespace(try_number=1, state=state, start_date=moment, end_date=moment, hostname="worker")
        return TryLog(self.settings, str(self.logs), path).read(ti, 1, metadata or {})

    def body(self, metadata: dict[str, Any] | None = None, state: str = "success") -> str:
        """Return the lines behind the header."""
        (((_, text),), _) = self.read(metadata, state)
        return str(text.partition("::endgroup::\n")[2])

    def put(self, key: str, data: bytes) -> None:
        assert self.store.put_new(key, data)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for limit in ("OPEN_SECONDS", "ANSWER_SECONDS"):  # a store that a starved thread asks is not away
        monkeypatch.setattr(page_store, limit, 300.0)
    return Home(tmp_path)


def test_whole_and_chunks_are_read_in_order(home: Home) -> None:
    home.put(PATH, b"one\n")
    home.put(chunk_key(PATH, 4), b"two\nth")
    home.put(chunk_key(PATH, 10), b"ree\n")
    assert home.body() == "one\ntwo\nthree"


def test_parts_are_merged_by_time_and_keep_their_order(home: Home) -> None:
    home.put(PATH, timed(1, "before") + b"a line without time\n" + timed(5, "after") + timed(4, "late"))
    home.put(TRIGGER, timed(3, "trigger"))
    lines = [line.rpartition(" - ")[2] for line in home.body().splitlines()]
    assert lines == ["before", "a line without time", "trigger", "after", "late"]


def test_printed_time_does_not_move_a_line(home: Home) -> None:
    home.put(PATH, timed(5, "first") + b"2020-01-01 printed\n")
    home.put(TRIGGER, timed(4, "trigger"))
    assert home.body().splitlines()[-1] == "2020-01-01 printed"


def test_equal_lines_are_all_there(home: Home) -> None:
    home.put(PATH, timed(1, "again") * 3)
    assert home.body().count("again") == 3


def test_missing_stretch_is_said_where_it_is(home: Home) -> None:
    home.put(PATH, b"one\n")
    home.put(chunk_key(PATH, 104), b"two\n")
    first, gap, last = home.body().splitlines()
    assert (first, last) == ("one", "two")
    assert "100 bytes of this log are missing here" in gap


def test_other_tries_and_tasks_are_left_out(home: Home) -> None:
    home.put("logs/1", b"mine\n")
    home.put("logs/10", b"another's\n")
    ((_, text),), _ = home.read(path="logs/1")
    assert "mine" in text
    assert "another's" not in text


def test_running_log_is_continued_at_complete_lines(home: Home) -> None:
    home.put(chunk_key(PATH, 0), b"one\nha")
    ((_, first),), metadata = home.read(state="running")
    assert first.endswith("\none")
    assert metadata["end_of_log"] is False
    assert home.read(metadata, "running")[0] == []
    home.put(chunk_key(PATH, 6), b"lf\ntwo\n")
    ((_, second),), metadata = home.read(metadata, "running")
    assert second == "\nhalf\ntwo"
    assert home.read(metadata)[1]["end_of_log"] is True


def test_task_that_has_just_started_is_waited_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "START_SECONDS", 3600.0)
    ((_, text),), metadata = home.read(state="running", age=1)
    assert "Nothing of this log has arrived yet" in text
    assert metadata["end_of_log"] is False


@pytest.mark.parametrize("state", ["running", "success", "queued"])
def test_log_that_is_unknown_is_left_to_airflow(home: Home, state: str) -> None:
    assert home.read(state=state) is None


def test_large_log_is_downloaded_in_pieces(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 40)
    lines = [f"line {number}" for number in range(30)]
    home.put(PATH, "".join(f"{line}\n" for line in lines).encode())
    metadata: dict[str, Any] = {"download_logs": True}
    texts = []
    while "end_of_log" not in metadata:
        found, metadata = home.read(metadata)
        texts += [text for _, text in found]
    assert len(texts) > 3
    assert "".join(texts).partition("::endgroup::\n")[2].splitlines() == lines


def test_page_of_a_large_log_has_its_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 40)
    home.put(PATH, "".join(f"line {number:02}\n" for number in range(30)).encode())
    left_out, *lines = home.body({"download_logs": False}).splitlines()
    assert left_out == (
        "*** Warning: The first 0.0 MiB of attempt=1.log are left out here: the download has them"
    )
    assert lines == [f"line {number}" for number in range(25, 30)]


def test_very_long_line_is_one_line(home: Home) -> None:
    text = "\u2603" * 1_500_000
    home.put(PATH, f"{text}\nend\n".encode())
    assert home.body().splitlines() == [text, "end"]


def test_bytes_that_are_no_text_are_replaced(home: Home) -> None:
    home.put(PATH, b"\xff\xfe\x00 binary\n")
    assert home.body() == "\ufffd\ufffd\x00 binary"


@pytest.mark.parametrize("offset", [None, "x", {PATH: "1"}, {PATH: -1}, {PATH: 10**13}, {1: 2}, [1]])
def test_invented_metadata_is_harmless(home: Home, offset: Any) -> None:
    home.put(PATH, b"one\n")
    ((_, text),), _ = home.read({"offset": offset, "log_pos": "x"})
    assert text.endswith("one")


class FakeTime:
    """The clock of the waits for a log that is settled; `actions` are done in the pauses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *actions: Callable[[], object]) -> None:
        self.now, self.pauses, self._actions = 0.0, 0, list(actions)
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1
        if self._actions:
            self._actions.pop(0)()


def test_try_that_has_just_ended_is_read_when_it_was_put_together(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SETTLE_SECONDS", 3600.0)
    home.put(chunk_key(PATH, 0), b"one\n")
    time = FakeTime(
        monkeypatch, lambda: home.put(PATH, b"one\nlast\n"), lambda: home.store.delete([chunk_key(PATH, 0)])
    )
    ((_, text),), answer = home.read(age=0)
    assert text.endswith("one\nlast")
    assert (time.pauses, answer["end_of_log"]) == (2, True)


def test_log_that_is_never_put_together_is_waited_for_until_the_deadline(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the try may be in the future: the worker's clock is another."""
    home.put(chunk_key(PATH, 0), b"one\n")
    time = FakeTime(monkeypatch)
    ((_, text),), answer = home.read(age=-3600)
    assert text.endswith("one")
    assert answer["end_of_log"] is True
    assert time.pauses == pytest.approx(reading.SETTLE_SECONDS / reading.PAUSE_SECONDS, abs=1)


def test_log_of_a_try_that_ended_long_ago_is_not_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.put(chunk_key(PATH, 0), b"one\n")
    time = FakeTime(monkeypatch)
    assert "one" in str(home.read(age=reading.SETTLE_SECONDS + 1))
    assert time.pauses == 0


@pytest.fixture
def away(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A store that is away, and a local file."""

    def refuse(*_: object) -> NoReturn:
        raise StoreError("time-out")

    monkeypatch.setattr(page_store, "open_store", refuse)
    page_store._page_store.cache_clear()
    (home.logs / PATH).parent.mkdir(parents=True)
    (home.logs / PATH).write_bytes(b"local\n")
    return home


@pytest.mark.parametrize("state", ["running", "success"])
def test_store_that_is_away_is_said_and_the_local_file_read(away: Home, state: str) -> None:
    line, note = away.body(state=state).splitlines()
    assert "The store of task logs cannot be read: time-out" in note
    assert line == "local"


def test_store_that_is_away_keeps_no_page_waiting(away: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", pytest.fail)
    assert "local" in str(away.read(age=0))
    (away.logs / PATH).unlink()
    assert away.read(state="running", age=0) is None  # Airflow asks the worker


def test_store_that_goes_away_meanwhile_repeats_nothing(away: Home) -> None:
    metadata = {"offset": {PATH: 6}}
    assert away.read(metadata, "running")[0] == []
    ((_, text),), answer = away.read(metadata)
    assert "cannot be read" in text
    assert answer["end_of_log"] is True
    assert answer["offset"] == {PATH: 6}


def test_answer_of_airflows_own_is_continued(home: Home) -> None:
    home.put(PATH, b"one\ntwo\n")
    ((_, text),), _ = home.read({"log_pos": 3})
    assert text == "\ntwo"


def test_times() -> None:
    assert line_time(b"[2026-11-26T10:00:00.500+0200] x") == datetime(
        2026, 11, 26, 8, 0, 0, 500000, timezone.utc
    )
    for line in (b"", b"[", b"2026-11-26T10:00:00.000+0000", b"[2026-99-26T10:00:00.000+0000] x"):
        assert line_time(line) is None
