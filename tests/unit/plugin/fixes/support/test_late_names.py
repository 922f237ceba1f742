"""A module finds a name when it is looked up, and has it after that as if it had been there before."""

from __future__ import annotations

import sys
import xml
from types import ModuleType

import pytest

from astro_runtime_plugin.fixes.support.late_names import find_late, find_parts_late

PART = "xml.parsers"


@pytest.fixture
def module() -> ModuleType:
    return ModuleType("module_of_the_test")


def test_name_is_found_when_it_is_looked_up(module: ModuleType) -> None:
    values = iter(["value"])
    find_late(module, {"name": lambda: next(values)})
    assert [module.name, module.name] == ["value", "value"]
    assert not [*values]


def test_import_of_the_name_finds_it(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module.__name__, module)
    find_late(module, {"name": lambda: "value"})
    names: dict[str, str] = {}
    exec(f"from {module.__name__} import name", names)
    assert names["name"] == "value"


def test_another_name_is_missing_as_before(module: ModuleType) -> None:
    find_late(module, {"name": lambda: "value"})
    with pytest.raises(AttributeError, match="module 'module_of_the_test' has no attribute 'other'"):
        module.other  # noqa: B018


def test_module_that_finds_names_itself_goes_on(module: ModuleType) -> None:
    module.__getattr__ = str.upper  # type: ignore[method-assign]
    find_late(module, {"name": lambda: "value"})
    assert [module.name, module.other] == ["value", "OTHER"]


def test_part_of_a_package_is_imported_when_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, PART, raising=False)
    monkeypatch.delattr(xml, "parsers", raising=False)
    monkeypatch.setattr(xml, "__getattr__", None, raising=False)
    find_parts_late(xml, ["parsers"])
    assert PART not in sys.modules
    assert vars(xml)["__getattr__"]("parsers") is sys.modules[PART]
