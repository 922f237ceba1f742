"""Who the component runs as: an arbitrary UID gets a home and a name, root a warning, group 0 its umask."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.container_user import ROOT, set_group_umask, user_environment, warnings, writable_cfg_path

IMAGE = {"ASTRONOMER_USER": "astro", "ASTRONOMER_UID": "50000"}
ASTROS = {"HOME": "/home/astro", "USER": "astro", "LOGNAME": "astro"}
UNKNOWN = max(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid < 2**31) + 1


def run_as(monkeypatch: pytest.MonkeyPatch, uid: int, gid: int = 0) -> None:
    """Be another user: that cannot happen on demand to a test which is not root's."""
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(os, "getgid", lambda: gid)


@pytest.fixture
def umask() -> Iterator[None]:
    """Start from Docker's umask, and leave the test process its own."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def umask_now() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


@pytest.mark.parametrize("given", [{}, {"HOME": "/"}, {"HOME": "", "USER": ""}], ids=str)
def test_an_unknown_user_gets_the_image_s_home_and_name(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    run_as(monkeypatch, UNKNOWN)
    assert user_environment({**IMAGE, **given}) == ASTROS


def test_what_the_operator_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(monkeypatch, UNKNOWN)
    assert user_environment({**IMAGE, "HOME": "/data", "LOGNAME": "otto"}) == {"USER": "astro"}


def test_a_user_with_a_name_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(monkeypatch, 0)
    assert user_environment({**IMAGE, "HOME": "/"}) == {}


def test_another_name_has_the_home_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(monkeypatch, UNKNOWN)
    environ = {"ASTRONOMER_USER": "jane", "ASTRONOMER_UID": str(UNKNOWN)}
    assert user_environment(environ) == {"HOME": "/home/astro", "USER": "jane", "LOGNAME": "jane"}


@pytest.mark.parametrize("environ", [IMAGE, {}], ids=["image", "outside"])
def test_where_airflow_s_home_is_read_only_its_airflow_cfg_is_generated_in_the_user_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "airflow").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path == str(tmp_path))  # root may write anywhere
    expected = {"AIRFLOW_CONFIG": f"{tmp_path}/airflow.cfg"} if environ else {}
    assert (
        writable_cfg_path({**environ, "HOME": str(tmp_path)}, f"{tmp_path}/airflow/airflow.cfg") == expected
    )


def test_an_airflow_cfg_that_is_there_or_can_be_written_stays_where_it_is(tmp_path: Path) -> None:
    environ = {**IMAGE, "HOME": str(tmp_path)}
    assert writable_cfg_path(environ, "/proc/version") == {}
    assert writable_cfg_path(environ, f"{tmp_path}/airflow.cfg") == {}
    assert writable_cfg_path(environ, f"{tmp_path}/not/made/yet/airflow.cfg") == {}


@pytest.mark.parametrize("environ", [{}, {"ASTRONOMER_USER": ""}, {"ASTRONOMER_UID": "50000"}], ids=str)
def test_outside_the_image_nobody_s_user_is_touched(
    monkeypatch: pytest.MonkeyPatch, umask: None, environ: dict[str, str]
) -> None:
    run_as(monkeypatch, UNKNOWN)
    assert user_environment(environ) == {}
    run_as(monkeypatch, 0)
    assert warnings(environ) == []
    set_group_umask(environ)
    assert umask_now() == 0o022


def test_the_environment_that_is_settled_has_the_identity(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_as(monkeypatch, UNKNOWN)
    exported = build_environment({**IMAGE, "HOME": "/", "AIRFLOW_HOME": str(tmp_path)}).environ
    assert {name: exported[name] for name in ASTROS} == ASTROS


@pytest.mark.parametrize(("uid", "said"), [(0, [ROOT]), (50000, []), (UNKNOWN, [])])
def test_only_root_is_warned(monkeypatch: pytest.MonkeyPatch, uid: int, said: list[str]) -> None:
    run_as(monkeypatch, uid)
    assert warnings(IMAGE) == said


@pytest.mark.parametrize(("gid", "expected"), [(0, 0o002), (50000, 0o022)])
def test_group_0_may_write_what_the_component_writes(
    monkeypatch: pytest.MonkeyPatch, umask: None, tmp_path: Path, gid: int, expected: int
) -> None:
    run_as(monkeypatch, 50000, gid)
    set_group_umask(IMAGE)
    assert umask_now() == expected
    (tmp_path / "log").touch(0o666)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o666 & ~expected
