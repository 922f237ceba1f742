"""The table of fixes agrees with their modules, and every fix has a proof."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE
from astro_runtime_plugin.fixes.registry import FIXES, LINE_OF, WHOLE_MODULES, ids, load_fix
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


def test_registry_has_the_fixes_of_whole_modules() -> None:
    functions = {name: {patch.function for patch in load_fix(name).patches} for name in FIXES}
    whole = {name for name, patched in functions.items() if WHOLE_MODULE in patched}
    assert whole == WHOLE_MODULES
    assert all(functions[name] == {WHOLE_MODULE} for name in whole)


@pytest.mark.parametrize("name", FIXES)
def test_fix_has_a_proof(name: str) -> None:
    """The fixture `proof` fails a test whose halves expect the same."""
    source = (CHECKOUT / "tests/integration/fixes" / f"test_{name}.py").read_text()
    assert re.search(r"def test_\w+\(proof: Proof", source)
    assert not re.search(r'parametrize\("proof"', source)


@pytest.mark.parametrize("name", FIXES)
def test_changelog_names_the_fix_by_its_id(name: str) -> None:
    assert since(load_fix(name)), f"write `{load_fix(name).id}` into its line in CHANGELOG.md"


def test_every_module_with_a_fix_is_in_the_table() -> None:
    folder = CHECKOUT / "astro_runtime_plugin" / "fixes"
    assert {path.stem for path in folder.glob("*.py") if "\nFIX = " in path.read_text()} == set(FIXES)


def test_wrappers_of_last_words_are_imported_when_they_wrap() -> None:
    code = (
        "import sys\n"
        "from astro_runtime_plugin.fixes.registry import load_fix\n"
        "patches = {patch.function: patch for patch in load_fix('last_words').patches}\n"
        "print(*(name for name in sys.modules if '.fixes.support.' in name))\n"
        "patches['SchedulerJobRunner._purge_zombies'].wrap(print)\n"
        "print(*sorted(name.rpartition('.')[2] for name in sys.modules if '.fixes.support.' in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["", "last_words lost_heartbeats"]


def test_registry_has_the_line_of_each_fix_for_one_line() -> None:
    lines = {name: load_fix(name).lines for name in FIXES}
    assert {name: line for name, (line, *others) in lines.items() if not others} == LINE_OF
