"""When a module at fault has been imported, the registry applies its fixes; what goes wrong is one warning."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import airflow.configuration  # noqa: F401 (fixes are applied after Airflow's own start has begun)
import pytest

from astro_runtime_plugin.fixes import activation
from astro_runtime_plugin.fixes.application import applied_fixes
from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.import_hook import call_after_import, wrap_import
from astro_runtime_plugin.fixes.source import module_digest
from tests.unit.plugin.fixes import victim

NOT_APPLIED = "astro-runtime: fix victim is not applied; Airflow is as stock there: "


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return victim.write(tmp_path)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    activation.selection.cache_clear()
    activation.early_selection.cache_clear()
    yield
    activation.selection.cache_clear()
    activation.early_selection.cache_clear()
    activation._warned.discard("victim")
    applied_fixes().discard("victim")


def load_with(fix: Fix, path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the module at fault with a fix in the activation."""
    monkeypatch.setattr(activation, "FIXES", {"victim": (victim.NAME,)})
    monkeypatch.setattr(activation, "load_fix", {"victim": fix}.__getitem__)
    call_after_import(victim.NAME, activation.apply_fixes)
    return victim.load(path.parent, monkeypatch)


def test_fix_is_applied_before_anybody_uses_the_module(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load_with(victim.fix(victim.patch(path, "function")), path, monkeypatch)
    assert victim.outcome(module, "function") == "fixed"
    assert "victim" in applied_fixes()


def test_other_source_is_one_warning(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fix = victim.fix(victim.patch(path, "function"))
    victim.write(path.parent, victim.SOURCE.replace("# the end", "# another end"))
    module = load_with(fix, path, monkeypatch)
    activation.apply_fixes(module)
    assert victim.outcome(module, "function") == "stock"
    assert "victim" not in applied_fixes()
    why = f"function in {victim.NAME} differs from the source it was proven against"
    assert tuple(capsys.readouterr()) == ("", f"{NOT_APPLIED}{why}\n")


def load_whole(digest: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the module with a fix that wraps its execution."""

    def wrap(execute: Any) -> Any:
        def execute_fixed(module: ModuleType) -> None:
            module.__dict__["before"] = sorted(name for name in vars(module) if not name.startswith("_"))
            execute(module)

        return execute_fixed

    fix = victim.fix(Patch(victim.NAME, WHOLE_MODULE, (digest,), wrap))
    monkeypatch.setattr(activation, "FIXES", {"victim": (victim.NAME,)})
    monkeypatch.setattr(activation, "WHOLE_MODULES", {"victim"})
    monkeypatch.setattr(activation, "load_fix", {"victim": fix}.__getitem__)
    wrap_import(victim.NAME, activation.wrapper(victim.NAME))
    return victim.load(path.parent, monkeypatch)


def test_fix_of_a_whole_module_wraps_its_execution(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load_whole(module_digest(str(path)), path, monkeypatch)
    assert (module.before, victim.outcome(module, "function")) == ([], "stock")
    assert "victim" in applied_fixes()


@pytest.mark.parametrize("selection", ["none", "-victim"])
def test_operator_turns_the_fix_of_a_whole_module_off(
    path: Path, monkeypatch: pytest.MonkeyPatch, selection: str
) -> None:
    monkeypatch.setenv("AIRFLOW__ASTRO_RUNTIME__FIXES", selection)
    assert not hasattr(load_whole(module_digest(str(path)), path, monkeypatch), "before")
    assert "victim" not in applied_fixes()


def test_whole_module_of_another_source_is_one_warning(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load_whole("0", path, monkeypatch)
    assert (hasattr(module, "before"), victim.outcome(module, "function")) == (False, "stock")
    why = f"{victim.NAME} differs from the source it was proven against"
    assert tuple(capsys.readouterr()) == ("", f"{NOT_APPLIED}{why}\n")


def test_functions_of_several_modules_that_differ_are_one_warning(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fix = victim.fix(*(Patch(victim.NAME, name, ("0",), victim.repair) for name in ("function", "missing")))
    module = load_with(fix, path, monkeypatch)
    monkeypatch.setattr(activation, "load_fix", {"victim": fix._replace(patches=fix.patches[1:])}.__getitem__)
    activation.apply_fixes(module)
    assert capsys.readouterr().err.count(NOT_APPLIED) == 1


def test_signal_that_stops_the_process_while_a_fix_is_applied_does_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise SystemExit(0)

    def wrap(_: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(SystemExit):
            load_with(victim.fix(victim.patch(path, "function", wrap)), path, monkeypatch)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("error", [ValueError("a secret"), SystemExit(3), ImportError("a secret")])
def test_failure_of_the_fix_is_one_warning_without_its_text(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    def wrap(_: Any) -> Any:
        raise error

    module = load_with(victim.fix(victim.patch(path, "function", wrap)), path, monkeypatch)
    assert victim.outcome(module, "function") == "stock"
    assert tuple(capsys.readouterr()) == ("", f"{NOT_APPLIED}{type(error).__name__}\n")


@pytest.mark.parametrize(
    ("selection", "outcome"),
    [("", "fixed"), ("all", "fixed"), ("none", "stock"), ("-victim", "stock"), ("-other", "fixed")],
)
def test_operator_turns_fixes_off(
    path: Path, monkeypatch: pytest.MonkeyPatch, selection: str, outcome: str
) -> None:
    monkeypatch.setenv("AIRFLOW__ASTRO_RUNTIME__FIXES", selection)
    module = load_with(victim.fix(victim.patch(path, "function")), path, monkeypatch)
    assert victim.outcome(module, "function") == outcome


def test_module_that_airflows_start_imports_is_left_to_the_startup_hook(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fix = victim.fix(victim.patch(path, "function"))
    with monkeypatch.context() as start:
        start.setitem(sys.modules, "airflow.configuration", ModuleType("airflow.configuration"))  # incomplete
        module = load_with(fix, path, monkeypatch)
    assert victim.outcome(module, "function") == "stock"
    monkeypatch.setattr(activation, "_watched", set())
    activation.watch_imports(loaded=True)
    assert victim.outcome(module, "function") == "fixed"
    assert tuple(capsys.readouterr()) == ("", "")


def test_patch_of_another_line_is_not_applied(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fix = victim.fix(victim.patch(path, "function")._replace(lines=("1.10",)))
    module = load_with(fix, path, monkeypatch)
    assert victim.outcome(module, "function") == "stock"
    assert "victim" not in applied_fixes()
    assert tuple(capsys.readouterr()) == ("", "")
