"""The component's user: an arbitrary UID gets a home and a name, root a warning, and group 0 a umask."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.container_user import (
    ROOT_WARNING,
    set_group_umask,
    user_environment,
    warnings,
    writable_cfg_path,
)

IMAGE = {"ASTRONOMER_USER": "astro", "ASTRONOMER_UID": "50000"}
ASTRO = {"HOME": "/home/astro", "USER": "astro", "LOGNAME": "astro"}
UNUSED_UID = max(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid < 2**31) + 1


def run_as(monkeypatch: pytest.MonkeyPatch, uid: int, gid: int = 0) -> None:
    """Simulate another user: only root could become one."""
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(os, "getgid", lambda: gid)


@pytest.fixture
def umask() -> Iterator[None]:
    """Start from Docker's umask, and restore the one of the test process."""
    previous = os.umask(0o022)
    yield
    os.umask(previous)


def current_umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


@pytest.mark.parametrize("homes", [{}, {"HOME": "/"}, {"HOME": "", "USER": ""}], ids=str)
def test_user_environment_fills_home_and_name(monkeypatch: pytest.MonkeyPatch, homes: dict[str, str]) -> None:
    run_as(monkeypatch, UNUSED_UID)
    assert user_environment({**IMAGE, **homes}) == ASTRO


def test_user_environment_keeps_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(monkeypatch, UNUSED_UID)
    assert user_environment({**IMAGE, "HOME": "/data", "LOGNAME": "otto"}) == {"USER": "astro"}


def test_user_environment_is_empty_for_user_in_passwd(monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(monkeypatch, 0)
    assert user_environment({**IMAGE, "HOME": "/"}) == {}


def test_user_environment_uses_custom_name(monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(monkeypatch, UNUSED_UID)
    environ = {"ASTRONOMER_USER": "jane", "ASTRONOMER_UID": str(UNUSED_UID)}
    assert user_environment(environ) == {"HOME": "/home/astro", "USER": "jane", "LOGNAME": "jane"}


@pytest.mark.parametrize("environ", [IMAGE, {}], ids=["image", "outside"])
def test_writable_cfg_path_replaces_read_only_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "airflow").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path == str(tmp_path))  # root may write anywhere
    expected = {"AIRFLOW_CONFIG": f"{tmp_path}/airflow.cfg"} if environ else {}
    assert (
        writable_cfg_path({**environ, "HOME": str(tmp_path)}, f"{tmp_path}/airflow/airflow.cfg") == expected
    )


def test_writable_cfg_path_is_empty_if_not_needed(tmp_path: Path) -> None:
    environ = {**IMAGE, "HOME": str(tmp_path)}
    assert writable_cfg_path(environ, "/proc/version") == {}
    assert writable_cfg_path(environ, f"{tmp_path}/airflow.cfg") == {}
    assert writable_cfg_path(environ, f"{tmp_path}/missing/folder/airflow.cfg") == {}


@pytest.mark.parametrize("environ", [{}, {"ASTRONOMER_USER": ""}, {"ASTRONOMER_UID": "50000"}], ids=str)
def test_outside_the_image_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, umask: None, environ: dict[str, str]
) -> None:
    run_as(monkeypatch, UNUSED_UID)
    assert user_environment(environ) == {}
    run_as(monkeypatch, 0)
    assert warnings(environ) == []
    set_group_umask(environ)
    assert current_umask() == 0o022


def test_build_environment_includes_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run_as(monkeypatch, UNUSED_UID)
    exported = build_environment({**IMAGE, "HOME": "/", "AIRFLOW_HOME": str(tmp_path)}).environ
    assert {name: exported[name] for name in ASTRO} == ASTRO


@pytest.mark.parametrize(("uid", "expected"), [(0, [ROOT_WARNING]), (50000, []), (UNUSED_UID, [])])
def test_only_root_is_warned(monkeypatch: pytest.MonkeyPatch, uid: int, expected: list[str]) -> None:
    run_as(monkeypatch, uid)
    assert warnings(IMAGE) == expected


@pytest.mark.parametrize(("gid", "expected"), [(0, 0o002), (50000, 0o022)])
def test_set_group_umask_for_group_0(
    monkeypatch: pytest.MonkeyPatch, umask: None, tmp_path: Path, gid: int, expected: int
) -> None:
    run_as(monkeypatch, 50000, gid)
    set_group_umask(IMAGE)
    assert current_umask() == expected
    (tmp_path / "log").touch(0o666)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o666 & ~expected
