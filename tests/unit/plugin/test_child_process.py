"""The plugin's child processes, with real ones: how they answer, and what their parent learns of a failure."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import child_process

# A child's module, which does with its question what the question names.
SOURCE = """
import json, os, signal, sys, time
from astro_runtime_plugin import child_process

def main():
    question = child_process.read_question()
    if question.get("exit"):
        os._exit(question["exit"])
    with child_process.time_limit(question.get("limit", 60)):
        time.sleep(question.get("sleep", 0))
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    child_process.answer({"question": question, "sys.path": sys.path, "SIGINT ignored": ignored})
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "probe_child.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return "probe_child"


def test_child_answers_with_its_parents_path(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "json.py").write_text("raise SystemExit('a project')\n")
    monkeypatch.chdir(tmp_path / "project")
    answer = child_process.ask(module, {"number": 1}, 60)
    assert answer["question"] == {"number": 1}
    assert answer["sys.path"][0] == str(tmp_path)
    assert answer["SIGINT ignored"] is True


@pytest.mark.parametrize(
    ("question", "seconds", "code"),
    [
        ({"exit": 3}, 60, 3),
        ({"limit": 1, "sleep": 600}, 60, -signal.SIGALRM),
        ({"sleep": 600}, 1, -signal.SIGALRM),
    ],
    ids=["exit", "alarm", "killed"],
)
def test_child_without_an_answer_is_an_error(
    module: str, question: Mapping[str, int], seconds: float, code: int
) -> None:
    with pytest.raises(child_process.ChildFailedError) as error:
        child_process.ask(module, question, seconds)
    assert error.value.code == code


def test_started_child_answers_through_its_pipe(module: str) -> None:
    with child_process.start(module, {"number": 2}) as child:
        assert child.stdout
        answer: dict[str, Any] = json.loads(child.stdout.readline())
    assert answer["question"] == {"number": 2}
    assert child.returncode == 0


def test_time_limit_ends_with_its_block(mocker: MockerFixture) -> None:
    alarm = mocker.patch.object(signal, "alarm")
    with pytest.raises(ValueError, match="not JSON"), child_process.time_limit(30):
        raise ValueError("not JSON")
    assert [call.args for call in alarm.call_args_list] == [(30,), (0,)]
