"""The rules' source: JSON in the setting, or a file that is read again when it changes."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from astro_runtime_plugin.identity.roles.rules import RulesError
from astro_runtime_plugin.identity.roles.source import CHECK_SECONDS, RulesSource, is_document

ADMIN, VIEWER = ('{"claim": "groups", "%s": ["a"]}' % role for role in ("Admin", "Viewer"))  # noqa: UP031


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "roles.json"
    path.write_text(ADMIN)
    return path


def role(source: RulesSource) -> str | None:
    return source.current().match({"groups": ["a"]}).role


@pytest.mark.parametrize("setting", [ADMIN, f"\n {ADMIN} "])
def test_setting_may_be_json(setting: str) -> None:
    assert role(RulesSource(setting)) == "Admin"


def test_file_is_read_again_when_it_changes(path: Path, clock: Clock) -> None:
    source = RulesSource(f" {path} ", clock)
    assert role(source) == "Admin"
    path.write_text(VIEWER)
    assert role(source) == "Admin"
    clock.now += CHECK_SECONDS
    assert role(source) == "Viewer"


def test_file_of_the_same_size_and_time_is_read_again(path: Path, clock: Clock) -> None:
    source = RulesSource(str(path), clock)
    source.current()
    before = path.stat()
    other = path.with_name("new.json")
    other.write_text(ADMIN.replace('"a"', '"b"'))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    clock.now += CHECK_SECONDS
    assert role(source) is None


def test_unchanged_file_is_not_parsed_again(path: Path, clock: Clock) -> None:
    source = RulesSource(str(path), clock)
    first = source.current()
    clock.now += CHECK_SECONDS
    assert source.current() is first


@pytest.mark.parametrize("broken", ["{", "", "no json", "\0", None])
def test_broken_file_keeps_the_last_rules_with_one_warning(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, broken: str | None
) -> None:
    source = RulesSource(str(path), clock)
    assert role(source) == "Admin"
    path.unlink() if broken is None else path.write_text(broken)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.now += CHECK_SECONDS
            assert role(source) == "Admin"
    assert len(caplog.messages) == 1
    assert "stay in force" in caplog.messages[0]
    path.write_text(VIEWER)
    clock.now += CHECK_SECONDS
    assert role(source) == "Viewer"


def test_file_with_byte_order_mark(path: Path) -> None:
    path.write_text(ADMIN, encoding="utf-8-sig")
    assert role(RulesSource(str(path))) == "Admin"


def test_missing_file_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "none.json")
    with pytest.raises(RulesError, match="No such file") as error:
        RulesSource(path).current()
    assert path in str(error.value)


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"{", b"[" * 100_000])
def test_unusable_file_is_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RulesError, match="json"):
        RulesSource(str(path)).current()


@pytest.mark.parametrize("setting", ["a\0b", "x" * 10_000, "admins"])
def test_setting_that_is_neither_is_refused(setting: str) -> None:
    with pytest.raises(RulesError, match="must be JSON, or the path of a file"):
        RulesSource(setting).current()


def test_json_is_told_from_a_path() -> None:
    assert [is_document(text) for text in ("{}", " [", "/etc/roles.json", "roles")] == [
        True,
        True,
        False,
        False,
    ]
