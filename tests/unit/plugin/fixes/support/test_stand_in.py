"""A module that stands for another gives its importer the values, and anybody else the module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from astro_runtime_plugin.fixes.support.stand_in import LateName, stand_in

REAL = "real_module_of_the_test"


@pytest.fixture(autouse=True)
def real_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / f"{REAL}.py").write_text("class Name:\n    text = 'real'\n\nOTHER = 'other'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(REAL, None)


def execute(name: str, source: str) -> ModuleType:
    module = ModuleType(name)
    with stand_in(REAL, "importer", {"Name": "value"}):
        exec(source, vars(module))
    return module


def test_importer_gets_the_value_without_the_module() -> None:
    assert execute("importer", f"from {REAL} import Name").Name == "value"
    assert REAL not in sys.modules


@pytest.mark.parametrize("name", ["importer", "another"])
def test_anything_else_comes_from_the_module(name: str) -> None:
    assert execute(name, f"from {REAL} import OTHER").OTHER == "other"
    assert REAL in sys.modules


def test_another_importer_gets_what_the_module_has() -> None:
    assert execute("another", f"from {REAL} import Name").Name.text == "real"


def test_late_name_imports_the_module_when_it_is_used() -> None:
    late = LateName(REAL, "Name")
    assert REAL not in sys.modules
    assert late.text == "real"
    assert REAL in sys.modules


def test_late_name_calls_what_the_module_has() -> None:
    assert LateName(REAL, "Name")().text == "real"
