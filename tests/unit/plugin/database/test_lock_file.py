"""The lock file: private, never followed, and gone afterwards, also in a folder that everyone can write."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from astro_runtime_plugin.database.lock_file import locked_file


class GaveUpError(Exception):
    """The pause between two attempts."""


def give_up() -> None:
    raise GaveUpError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tmp_path.chmod(0o1777)
    return tmp_path / "airflow.db.lock"


def assert_held(path: Path) -> None:
    with pytest.raises(GaveUpError), locked_file(str(path), give_up):
        raise AssertionError("the lock was taken")


def test_file_is_private_while_held_and_gone_afterwards(path: Path) -> None:
    with locked_file(str(path), give_up):
        assert not path.stat().st_mode & stat.S_IRWXO
        assert_held(path)
    assert not path.exists()


def test_file_of_a_process_that_was_killed_is_taken_over(path: Path) -> None:
    path.touch(0o600)
    with locked_file(str(path), give_up):
        assert_held(path)
    assert not path.exists()


def test_file_that_its_holder_removed_is_made_again(path: Path) -> None:
    path.touch(0o600)
    holder = os.open(path, os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)

    def release() -> None:
        path.unlink()
        os.close(holder)

    with locked_file(str(path), release):
        assert path.stat().st_size == 0
        assert_held(path)


def link(path: Path) -> None:
    (path.parent / "target").write_text("untouched")
    path.symlink_to(path.parent / "target")


def dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "missing")


def file_for_all(path: Path) -> None:
    path.touch()
    path.chmod(0o666)


def file_of_another(path: Path) -> None:
    path.touch(0o600)
    os.chown(path, 12345, 12345)


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("prepare", [link, dangling_link, file_for_all, file_of_another, pipe, Path.mkdir])
def test_what_another_user_may_have_put_there_is_never_locked(path: Path, prepare: object) -> None:
    prepare(path)  # type: ignore[operator]
    before = path.lstat()
    assert_held(path)
    after = path.lstat()
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime_ns,
    )
    assert sorted(entry.name for entry in path.parent.iterdir()) in (
        [path.name],
        [path.name, "target"],
    )


def test_error_within_the_block_releases_the_lock(path: Path) -> None:
    with pytest.raises(ValueError, match="migration"), locked_file(str(path), give_up):
        raise ValueError("migration")
    with locked_file(str(path), give_up):
        assert path.exists()
