"""A patch replaces exactly its function, and only the proven one."""

from __future__ import annotations

import compileall
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from astro_runtime_plugin.fixes.application import DifferentSourceError, apply
from astro_runtime_plugin.fixes.fix import Patch
from tests.unit.plugin.fixes import victim


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return victim.write(tmp_path)


@pytest.fixture
def module(path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return victim.load(path.parent, monkeypatch)


def outcomes(module: ModuleType) -> dict[str, Any]:
    return {name: victim.outcome(module, name) for name in victim.CALLS}


def assert_refused(module: ModuleType, *patches: Patch, why: str) -> None:
    with pytest.raises(DifferentSourceError, match=why):
        apply(patches, module)
    assert set(outcomes(module).values()) == {"stock"}


@pytest.mark.parametrize("name", victim.CALLS)
def test_function_is_replaced_and_no_other(path: Path, module: ModuleType, name: str) -> None:
    apply([victim.patch(path, name)], module)
    assert {each for each, outcome in outcomes(module).items() if outcome == "fixed"} == {name}


def test_property_keeps_its_setter(path: Path, module: ModuleType) -> None:
    apply([victim.patch(path, "Class.value")], module)
    module.Class().value = 1
    assert module.Class().value == "fixed"


def test_all_patches_of_a_module_apply_together(path: Path, module: ModuleType) -> None:
    apply([victim.patch(path, name) for name in victim.CALLS], module)
    assert set(outcomes(module).values()) == {"fixed"}


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("function", "differs from the source it was proven against"),
        ("missing", "missing is not in"),
        ("Missing.method", "Missing.method is not in"),
        ("Class.missing", "Class.missing is not in"),
        ("NO_FUNCTION", "the source of NO_FUNCTION cannot be read"),
    ],
)
def test_unsuitable_function_keeps_all_functions_as_stock(
    path: Path, module: ModuleType, function: str, why: str
) -> None:
    other = Patch(victim.NAME, function, ("0" * 16,), victim.repair)
    assert_refused(module, victim.patch(path, "Class.method"), other, why=why)


def test_function_that_somebody_has_replaced_stays(path: Path, module: ModuleType) -> None:
    module.function = lambda: "stock"  # type: ignore[attr-defined]
    assert_refused(module, victim.patch(path, "function"), why="differs from the source")


def test_function_that_somebody_has_wrapped_is_still_the_proven_one(path: Path, module: ModuleType) -> None:
    module.function = module.decorate(module.function)  # type: ignore[attr-defined]
    apply([victim.patch(path, "function")], module)
    assert victim.outcome(module, "function") == "fixed"


def test_installation_without_source_stays_as_stock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = victim.patch(path, "function")
    assert compileall.compile_file(path, legacy=True, quiet=2)
    path.unlink()
    module = victim.load(path.parent, monkeypatch)
    assert (module.__file__ or "").endswith(".pyc")
    assert_refused(module, patch, why="the source of function cannot be read")


def test_read_only_installation_is_patched_and_nothing_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    os.chmod(path, 0o444)
    os.chmod(path.parent, 0o555)  # root may write nevertheless, so the folder is compared
    module = victim.load(path.parent, monkeypatch)
    before = {file: file.stat().st_mtime_ns for file in path.parent.rglob("*")}
    apply([victim.patch(path, "function")], module)
    assert victim.outcome(module, "function") == "fixed"
    assert {file: file.stat().st_mtime_ns for file in path.parent.rglob("*")} == before


def test_failure_while_wrapping_keeps_all_functions_as_stock(path: Path, module: ModuleType) -> None:
    broken = victim.patch(path, "Class.method", wrap=lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        apply([victim.patch(path, "function"), broken], module)
    assert set(outcomes(module).values()) == {"stock"}
