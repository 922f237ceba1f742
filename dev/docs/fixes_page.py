"""docs/reference/fixes.md, generated from the fixes and the changelog."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

from astro_runtime_plugin.fixes.fix import Fix
from astro_runtime_plugin.fixes.listing import STATES
from astro_runtime_plugin.fixes.registry import FIXES, load_fix
from dev.docs.markdown import table
from dev.versions import CHECKOUT

HEADER = """\
# Fixes of Airflow

The Airflow releases in the Runtime have these faults, which the Runtime repairs ahead of upstream. Each fix wraps
single functions when Airflow is imported, and only if their source is the one that the fix was proven against. Every
fix has a test that fails with stock Airflow and passes with the fix. `make docs` generates this page.

`astro-runtime fixes`, the Runtime page and [`GET /astro-runtime/api/fixes`](api.md) show the state of each fix.
"""
OFF = """\
## Turn fixes off

[`[astro_runtime] fixes`](settings.md#fixes) turns off single fixes (`-{first}, -another`) or all of them (`none`). A
component reads it when it starts.
"""


def render() -> str:
    """Return the page as Markdown: all fixes at a glance, their states, how to turn them off, and each fix."""
    fixes = {name: load_fix(name) for name in FIXES}
    rows = [
        (f"[`{fix.id}`](#{fix.id})", fix.title, ", ".join(fix.lines), since(fix)) for fix in fixes.values()
    ]
    overview = table(("fix", "what works", "Airflow", "since release"), rows)
    states = table(("state", "means"), [(f"`{state}`", meaning) for state, meaning in STATES.items()])
    sections = [line for name, fix in fixes.items() for line in _section(name, fix)]
    off = OFF.format(first=next(iter(fixes.values())).id)
    return "\n".join([HEADER, overview, "", "## States", "", states, "", off, *sections]).rstrip() + "\n"


def _section(name: str, fix: Fix) -> Iterator[str]:
    yield from (f"## {fix.id}", "", f"{fix.title}.", "")
    if explanation := explain(name):
        yield from (explanation, "")
    facts = {
        "noticed as": fix.symptom,
        "on Airflow": " and ".join(fix.lines),
        "fixed here since": since(fix),
        "upstream": f"[{fix.issue.removeprefix('https://github.com/')}]({fix.issue})" if fix.issue else "–",
        "ends when": fix.ends,
        "turned off by": f"`AIRFLOW__ASTRO_RUNTIME__FIXES=-{fix.id}`",
    }
    yield from (table(("", ""), [*facts.items()]), "")


def explain(name: str) -> str:
    """Return what was wrong: the docstring of the fix's module without its first sentence."""
    text = inspect.getdoc(import_module(f"astro_runtime_plugin.fixes.{name}")) or ""
    return text.partition("\n\n")[2]


def since(fix: Fix) -> str:
    """Return the releases whose section of the changelog names the fix; the next one, if that is still unreleased."""
    section, sections = "", []
    for line in (CHECKOUT / "CHANGELOG.md").read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").partition(" - ")[0].replace("[", "").replace("]", "")
        elif f"`{fix.id}`" in line and section not in sections:
            sections.append(section)
    return ", ".join("the next release" if name == "Unreleased" else name for name in sections)
