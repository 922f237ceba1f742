"""The table of fixes agrees with their modules, and every fix has a proof."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.fixes.registry import FIXES, ids, load_fix
from dev.docs.fixes_page import since
from testing.entrypoint_process import CHECKOUT


@pytest.mark.parametrize("name", FIXES)
def test_module_of_a_fix_agrees_with_the_table(name: str) -> None:
    fix = load_fix(name)
    assert fix.id in ids()
    assert fix.id.replace("-", "_") == name
    assert FIXES[name] == tuple(dict.fromkeys(patch.module for patch in fix.patches))
    assert all(patch.sources and patch.lines for patch in fix.patches)
    assert fix.lines
    assert all((fix.title, fix.symptom, fix.ends))
    assert fix.issue.startswith("https://") or not fix.issue


@pytest.mark.parametrize("name", FIXES)
def test_fix_has_a_proof(name: str) -> None:
    assert "proof.expect(" in (CHECKOUT / "tests/integration/fixes" / f"test_{name}.py").read_text()


@pytest.mark.parametrize("name", FIXES)
def test_changelog_names_the_fix_by_its_id(name: str) -> None:
    assert since(load_fix(name)), f"write `{load_fix(name).id}` into its line in CHANGELOG.md"


def test_every_module_with_a_fix_is_in_the_table() -> None:
    folder = CHECKOUT / "astro_runtime_plugin" / "fixes"
    assert {path.stem for path in folder.glob("*.py") if "\nFIX = " in path.read_text()} == set(FIXES)
