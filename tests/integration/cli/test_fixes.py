"""`astro-runtime fixes`: the fixes of the installed line with their state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.listing import ACTIVE, FIELDS, OFF
from astro_runtime_plugin.fixes.registry import load_fixes
from testing.cli_process import run_astro_runtime
from testing.installed_line import LINE

FIXES = [fix for fix in load_fixes() if LINE in fix.lines]
# All are installed here, in the versions that the fixes were proven against.
ALL_ACTIVE = {fix.id: ACTIVE for fix in FIXES}


def states(home: Path, **environ: str) -> dict[str, str]:
    done = run_astro_runtime(home, "fixes", "--json", **environ)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert all(tuple(row) == FIELDS for row in rows)
    return {row["id"]: row["state"] for row in rows}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("", ALL_ACTIVE),
        ("none", dict.fromkeys(ALL_ACTIVE, OFF)),
        ("-stale-dags", {**ALL_ACTIVE, "stale-dags": OFF}),
    ],
)
def test_fix_is_active_unless_it_is_turned_off(
    tmp_path: Path, selection: str, expected: dict[str, str]
) -> None:
    assert states(tmp_path, AIRFLOW__ASTRO_RUNTIME__FIXES=selection) == expected


def test_airflow_cfg_turns_fixes_off(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[astro_runtime]\nfixes = -stale-dags\n")
    assert states(tmp_path) == {**ALL_ACTIVE, "stale-dags": OFF}


def test_invalid_selection_is_reported_below_the_list(tmp_path: Path) -> None:
    done = run_astro_runtime(tmp_path, "fixes", "--json", AIRFLOW__ASTRO_RUNTIME__FIXES="-no-such-fix")
    assert {row["id"]: row["state"] for row in json.loads(done.stdout)} == ALL_ACTIVE
    assert done.returncode == 78
    assert done.stderr.startswith("astro-runtime: [astro_runtime] fixes holds '-no-such-fix'; it must be ")
    assert done.stderr.count("\n") == 1


def test_table_has_a_row_for_each_fix(tmp_path: Path) -> None:
    header, *rows = run_astro_runtime(tmp_path, "fixes").stdout.splitlines()
    assert header.split() == ["id", "state", "title", "issue"]
    assert len(rows) == len(FIXES)
    for fix, row in zip(FIXES, rows, strict=True):
        assert row.split()[:2] == [fix.id, ACTIVE]
        assert fix.issue in row
