from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.selection import Selection, read_early_selection
from entrypoint.errors import StartError

IDS = frozenset({"stale-dags", "other"})


@pytest.mark.parametrize("text", [None, "", "all", "ALL", " True", "1"])
def test_all_fixes_are_on(text: str | None) -> None:
    selection = Selection(text)
    selection.check(IDS)
    assert selection.includes("stale-dags")


@pytest.mark.parametrize("text", ["none", "None", "false", " 0 "])
def test_no_fix_is_on(text: str) -> None:
    selection = Selection(text)
    selection.check(IDS)
    assert not selection.includes("stale-dags")


@pytest.mark.parametrize("text", ["-stale-dags", "all, -stale-dags", "\n-stale-dags\n"])
def test_single_fix_is_off(text: str) -> None:
    selection = Selection(text)
    selection.check(IDS)
    assert not selection.includes("stale-dags")
    assert selection.includes("other")


@pytest.mark.parametrize(
    ("variable", "cfg", "is_on"),
    [(None, "", True), (None, "-stale-dags", False), ("all", "-stale-dags", True), ("none", "all", False)],
)
def test_selection_is_known_before_airflow_is_imported(
    tmp_path: Path, variable: str | None, cfg: str, is_on: bool
) -> None:
    (tmp_path / "airflow.cfg").write_text(f"[astro_runtime]\nfixes = {cfg}\n" if cfg else "")
    environ = {"AIRFLOW_HOME": str(tmp_path)}
    if variable is not None:
        environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] = variable
    assert read_early_selection(environ).includes("stale-dags") is is_on


@pytest.mark.parametrize("text", ["stale-dags", "-stale_dags", "all,-x", "-"])
def test_unknown_word_is_named(text: str) -> None:
    with pytest.raises(
        StartError, match=r"^\[astro_runtime\] fixes holds .*; it must be all, none, or fixes to turn off"
    ):
        Selection(text).check(IDS)
    assert Selection(text).includes("other")
