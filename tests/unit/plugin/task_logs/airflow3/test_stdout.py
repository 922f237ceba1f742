"""What Airflow 3 writes into a log, as lines for stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.airflow3 import stdout
from astro_runtime_plugin.task_logs.airflow3.stdout import PrintedFile, parse, traceback_text
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity

TASK = TaskIdentity(dag_id="dag", run_id="run", task_id="task")
CAUSE = {
    "exc_type": "KeyError",
    "exc_value": "'x'",
    "frames": [{"filename": "f.py", "lineno": 1, "name": "g"}],
}
ERROR = {"exc_type": "ValueError", "exc_value": "no", "exc_notes": ["note"], "frames": []}


def test_traceback_begins_with_the_cause() -> None:
    assert traceback_text([ERROR, CAUSE]) == (
        "Traceback (most recent call last):\n"
        '  File "f.py", line 1, in g\n'
        "KeyError: 'x'\n\nValueError: no\nnote"
    )


def test_group_has_its_exceptions() -> None:
    text = traceback_text([{**ERROR, "is_group": True, "exceptions": [[CAUSE]]}])
    assert text is not None
    assert text.index("ValueError") < text.index("KeyError")


@pytest.mark.parametrize("odd", [7, [7], {"a": 1}, [{"frames": 7}]])
def test_other_exceptions_stay_readable(odd: object) -> None:
    assert isinstance(traceback_text(odd), str)


@pytest.mark.parametrize("text", [b"plain\n", b"[1]\n", b'{"broken', b"\xff\n", b"[" * 100_000])
def test_what_is_no_line_of_airflow_is_a_message(text: bytes) -> None:
    assert parse(text).message == text.decode(errors="replace").rstrip("\n")


def test_line_of_airflow_is_split_into_its_parts() -> None:
    event = {
        "timestamp": "t",
        "level": "error",
        "logger": "l",
        "event": "e",
        "error_detail": [CAUSE],
        "lineno": 1,
    }
    line = parse(json.dumps(event).encode())
    assert (line.timestamp, line.level, line.logger, line.message) == ("t", "error", "l", "e")
    assert line.exception is not None
    assert line.fields == {"lineno": 1}


def test_offsets_are_those_of_the_file_though_others_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[bytes] = []
    monkeypatch.setattr(stdout, "print_line", printed.append)
    path = tmp_path / "log"
    path.write_bytes(b"earlier\n")
    with open(path, "ab") as raw:
        file = PrintedFile(raw, TASK, "log")
        file.write(b'{"event":"first"}\n')
        with open(path, "ab") as other:
            other.write(b"from another process\n")
        file.write(b'{"event":"second"}\n')
        assert file.name == str(path)
    offsets = [json.loads(line)["offset"] for line in printed]
    data = path.read_bytes()
    assert [json.loads(data[offset:].splitlines()[0])["event"] for offset in offsets] == ["first", "second"]
