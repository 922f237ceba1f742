"""A token from stdin: read if there is one, and never waited for in silence or for ever."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.cli import stdin_text
from astro_runtime_plugin.cli.stdin_text import StdinText
from entrypoint.errors import USAGE, StartError


class Pipe:
    """A pipe whose writing end stays open until `close`."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def close(self) -> None:
        os.close(self.writer)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reader)


def read(descriptor: int, said: list[str] | None = None, max_bytes: int = 100) -> str:
    return StdinText(descriptor, "a token", (said if said is not None else []).append).read(max_bytes)


def test_text_of_a_pipe_is_read_to_its_end(pipe: Pipe) -> None:
    os.write(pipe.writer, b" abc\ndef \n")
    pipe.close()
    assert read(pipe.reader) == "abc\ndef"


def test_empty_pipe_has_no_text(pipe: Pipe) -> None:
    pipe.close()
    assert read(pipe.reader) == ""


@pytest.mark.parametrize("text", ["", "abc\n"])
def test_text_of_a_file_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    with open(tmp_path / "token") as file:
        assert read(file.fileno()) == text.strip()


def test_null_device_has_no_text() -> None:
    with open(os.devnull) as device:
        assert read(device.fileno()) == ""


def test_terminal_is_not_read() -> None:
    controller, terminal = pty.openpty()
    assert read(terminal) == ""
    os.close(controller)
    os.close(terminal)


def test_closed_descriptor_has_no_text(pipe: Pipe) -> None:
    closed = os.dup(pipe.reader)
    os.close(closed)
    assert read(closed) == ""
    pipe.close()


def test_open_pipe_without_a_text_is_announced_and_given_up(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdin_text, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(stdin_text, "MAX_SECONDS", 0.2)
    said: list[str] = []
    with pytest.raises(StartError, match="stdin did not end") as refusal:
        read(pipe.reader, said)
    assert said == ["reading a token from stdin, for up to 0.2 seconds"]
    assert refusal.value.code == USAGE
    pipe.close()


def test_pipe_that_stays_open_after_the_text_is_given_up(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin_text, "MAX_SECONDS", 0.2)
    os.write(pipe.writer, b"abc\n")
    with pytest.raises(StartError, match="stdin did not end"):
        read(pipe.reader)
    pipe.close()


def test_long_text_is_refused(pipe: Pipe) -> None:
    os.write(pipe.writer, b"x" * 101)
    pipe.close()
    with pytest.raises(StartError, match="more than 100 bytes"):
        read(pipe.reader)


def test_bytes_that_are_no_text_are_refused(pipe: Pipe) -> None:
    os.write(pipe.writer, b"\xff\xfe")
    pipe.close()
    with pytest.raises(StartError, match="not text"):
        read(pipe.reader)
