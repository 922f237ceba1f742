"""The state of each fix in this installation, for `astro-runtime fixes`, the Runtime page and the HTTP API."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from astro_runtime_plugin.fixes.activation import selection
from astro_runtime_plugin.fixes.fix import ANY_SOURCE, WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.registry import load_fixes
from astro_runtime_plugin.fixes.selection import Selection
from astro_runtime_plugin.fixes.source import file_digests, module_digest

ACTIVE, OFF, STOCK, NOT_INSTALLED = "active", "off", "stock", "not installed"
STATES = {
    ACTIVE: "applied in each process that imports the module at fault",
    OFF: "turned off in `[astro_runtime] fixes`",
    STOCK: "not applied: Airflow's source differs from the source that the fix was proven against, or cannot be read",
    NOT_INSTALLED: "not needed: the provider that has the fault is not installed",
}
FIELDS = ("id", "title", "state", "issue", "ends")


def installed_fixes() -> list[dict[str, str]]:
    """Return the fixes of the running Airflow, with the operator's selection; the rows of `list_fixes`."""
    from astro_runtime_plugin.airflow_compat import line

    return list_fixes(selection(), line())


def list_fixes(selection: Selection, line: str) -> list[dict[str, str]]:
    """Return the fixes of a line as rows of FIELDS, with their state by the files of this installation."""
    return [
        {field: getattr(fix, field) if field != "state" else state(fix, line, selection) for field in FIELDS}
        for fix in load_fixes()
        if line in fix.lines
    ]


def state(fix: Fix, line: str, selection: Selection) -> str:
    """Return the state of a fix, one of STATES, without importing the modules that it patches."""
    if not selection.includes(fix.id):
        return OFF
    states = {_patch_state(patch) for patch in fix.patches_for(line)}
    return next(state for state in (STOCK, ACTIVE, NOT_INSTALLED) if state in states)


def _patch_state(patch: Patch) -> str:
    digests = module_digests(patch.module)
    if digests is None:
        return NOT_INSTALLED
    suits = patch.sources == ANY_SOURCE or digests.get(patch.function) in patch.sources
    return ACTIVE if suits else STOCK


@cache
def module_digests(name: str) -> dict[str, str] | None:
    """Return the digests of a module and its functions; empty without its source, and None if it is not installed.

    It finds, reads and parses a file, so each process does it once.
    """
    try:
        spec = find_spec(name)
    except Exception:  # what a provider raises that does not suit this Airflow
        spec = None
    if spec is None or spec.origin is None:
        return None
    try:
        return {WHOLE_MODULE: module_digest(spec.origin), **file_digests(spec.origin)}
    except (OSError, SyntaxError, ValueError):
        return {}
