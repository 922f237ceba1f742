"""A log on a full disk: what does not fit is lost with one warning, and no memory holds it."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.airflow2.lost_lines import LostLines
from tests.unit.plugin.fixes.support.test_tolerant_file import largest_file


@pytest.fixture
def handler(tmp_path: Path) -> logging.FileHandler:
    opened = RotatingFileHandler(tmp_path / "task.log")  # Airflow's is one
    opened.handleError = LostLines(opened)  # type: ignore[method-assign]
    return opened


def write(handler: logging.Handler, text: object) -> None:
    handler.emit(logging.LogRecord("name", logging.INFO, "file", 1, text, (), None))


def lose_lines(handler: logging.Handler) -> None:
    """Write three lines for which a file that has one has no room."""
    with largest_file(6):
        for _ in range(3):
            write(handler, "lost")


def test_lines_that_do_not_fit_are_lost_with_one_warning(
    handler: logging.FileHandler,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    write(handler, "first")
    lose_lines(handler)
    write(handler, "last")
    handler.close()
    assert (tmp_path / "task.log").read_text() == "first\nlast\n"
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning == f"astro-runtime: lines of the log {tmp_path}/task.log are lost: File too large"


def test_error_that_is_not_the_disks_is_pythons_to_handle(
    handler: logging.FileHandler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise ValueError("cannot be printed")

    write(handler, Unprintable())
    write(handler, "last")
    assert "cannot be printed" in capsys.readouterr().err
    assert (tmp_path / "task.log").read_text() == "last\n"


def test_file_that_cannot_be_opened_again_loses_lines_until_it_can(
    handler: logging.FileHandler,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    write(handler, "first")
    handler.baseFilename = str(tmp_path / "missing" / "task.log")
    lose_lines(handler)
    assert len(capsys.readouterr().err.splitlines()) == 1
    handler.baseFilename = str(tmp_path / "task.log")
    write(handler, "last")
    handler.close()
    assert (tmp_path / "task.log").read_text() == "first\nlast\n"
