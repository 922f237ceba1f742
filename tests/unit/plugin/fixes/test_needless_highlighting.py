"""A process without what highlights, or with it already, executes the importers as stock Airflow does."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from astro_runtime_plugin.fixes import needless_highlighting as fix

IMPORTER = ModuleType("importer_of_the_test")
SOURCE = "module_of_the_test"


def value_from(source: ModuleType | None, monkeypatch: pytest.MonkeyPatch) -> object:
    """Return what the importer gets from the module if that is there."""
    if source:
        monkeypatch.setitem(sys.modules, SOURCE, source)

    def execute(module: ModuleType) -> None:
        exec(f"try:\n    from {SOURCE} import value\nexcept ImportError:\n    value = None", vars(module))

    fix.import_late({SOURCE: {"value": "late"}})(execute)(IMPORTER)
    return vars(IMPORTER)["value"]


@pytest.fixture(autouse=True)
def no_pygments(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not imported it; pytest has."""
    monkeypatch.delitem(sys.modules, fix.PYGMENTS)
    monkeypatch.setattr(fix, "watch_packages", lambda: None)


def test_importer_gets_the_late_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert value_from(None, monkeypatch) == "late"
    assert SOURCE not in sys.modules


@pytest.mark.parametrize("installed", [lambda: False, lambda: 1 / 0], ids=["missing", "failing"])
def test_importer_does_without_what_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, installed: object
) -> None:
    monkeypatch.setattr(fix, "are_installed", installed)
    assert value_from(None, monkeypatch) is None


def test_importer_gets_what_has_been_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    source = ModuleType(SOURCE)
    source.value = "real"  # type: ignore[attr-defined]
    assert value_from(source, monkeypatch) == "real"
