"""The state of a fix, by the files of the installation."""

from __future__ import annotations

import compileall
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.fixes import listing
from astro_runtime_plugin.fixes.fix import ANY_SOURCE, WHOLE_MODULE, Patch
from astro_runtime_plugin.fixes.listing import ACTIVE, NOT_INSTALLED, OFF, STOCK, state
from astro_runtime_plugin.fixes.selection import Selection
from astro_runtime_plugin.fixes.source import module_digest
from tests.unit.plugin.fixes import victim

ALL = Selection("all")


@pytest.fixture
def patch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Patch:
    listing.module_digests.cache_clear()
    monkeypatch.syspath_prepend(str(tmp_path))
    return victim.patch(victim.write(tmp_path), "Class.method")


def test_fix_is_active_where_its_source_is_proven(patch: Patch) -> None:
    assert state(victim.fix(patch), "3.3", ALL) == ACTIVE
    assert victim.NAME not in sys.modules


def test_fix_is_off_if_the_operator_says_so(patch: Patch) -> None:
    assert state(victim.fix(patch), "3.3", Selection("-victim")) == OFF


@pytest.mark.parametrize("function", ["Class.static", "Class.missing"])
def test_fix_is_stock_if_one_function_differs(patch: Patch, function: str) -> None:
    assert state(victim.fix(patch, patch._replace(function=function)), "3.3", ALL) == STOCK


def test_fix_of_a_whole_module_is_active_where_its_file_is_proven(patch: Patch, tmp_path: Path) -> None:
    digest = module_digest(str(tmp_path / f"{victim.NAME}.py"))
    whole = patch._replace(function=WHOLE_MODULE, sources=(digest,))
    assert state(victim.fix(whole), "3.3", ALL) == ACTIVE
    assert state(victim.fix(whole._replace(sources=("0",))), "3.3", ALL) == STOCK
    assert state(victim.fix(whole._replace(sources=ANY_SOURCE)), "3.3", ALL) == ACTIVE
    assert victim.NAME not in sys.modules


def test_fix_is_stock_where_the_source_is_missing(patch: Patch, tmp_path: Path) -> None:
    source = tmp_path / f"{victim.NAME}.py"
    assert compileall.compile_file(source, legacy=True, quiet=2)
    source.unlink()
    assert state(victim.fix(patch), "3.3", ALL) == STOCK


@pytest.mark.parametrize("module", ["no_such_package.module", "no_such_module"])
def test_fix_is_not_needed_without_the_module(patch: Patch, module: str) -> None:
    missing = patch._replace(module=module)
    assert state(victim.fix(missing), "3.3", ALL) == NOT_INSTALLED
    assert state(victim.fix(missing, patch), "3.3", ALL) == ACTIVE


def test_module_whose_package_fails_is_not_installed(patch: Patch, tmp_path: Path) -> None:
    (tmp_path / "unsuitable").mkdir()
    (tmp_path / "unsuitable" / "__init__.py").write_text("raise RuntimeError('needs another Airflow')")
    assert state(victim.fix(patch._replace(module="unsuitable.module")), "3.3", ALL) == NOT_INSTALLED


def test_files_are_read_once(patch: Patch, tmp_path: Path) -> None:
    assert state(victim.fix(patch), "3.3", ALL) == ACTIVE
    (tmp_path / f"{victim.NAME}.py").unlink()
    assert state(victim.fix(patch), "3.3", ALL) == ACTIVE
