from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.support.tolerant_file import TolerantFile


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let each write beyond that many bytes fail, as on a full volume."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write(file: TolerantFile, line: bytes) -> None:
    file.write(line)
    file.flush()


def test_lines_are_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "task.log"
    file = TolerantFile(str(path), lambda: path.open("ab"))
    write(file, b"first\n")
    with largest_file(6):
        for _ in range(3):
            write(file, b"again\n")
    write(file, b"last\n")
    file.close()
    assert path.read_bytes() == b"first\nagain\nagain\nagain\nlast\n"
    assert [record.message for record in caplog.records] == [
        f"astro-runtime: lines of the log {path} are lost: File too large"
    ]


def test_what_has_no_room_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "task.log"
    file = TolerantFile(str(path), lambda: path.open("ab"))
    with largest_file(0):
        for _ in range(10):
            write(file, b"x" * 4096)
    write(file, b"last\n")
    file.close()
    assert len(path.read_bytes()) < 5 * 4096
    assert path.read_bytes().endswith(b"last\n")


def test_file_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "task.log"
    file = TolerantFile(str(path), lambda: path.open("ab"))
    write(file, b"lost\n")
    assert not file.closed
    assert not hasattr(file, "fileno")
    path.parent.mkdir()
    write(file, b"kept\n")
    assert file.fileno() > 2
    file.close()
    assert path.read_bytes() == b"kept\n"
    assert file.closed


def test_close_without_room_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "task.log"
    file = TolerantFile(str(path), lambda: path.open("ab"))
    with largest_file(0):
        write(file, b"lost\n")
        file.close()
    assert file.closed
