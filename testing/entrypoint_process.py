"""Runs the real entrypoint as a process, in an environment without the variables of this machine's Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
ENTRYPOINT = (sys.executable, "-m", "entrypoint")
# How many new objects Python's garbage collector waits for in the processes of the tests; testing/gc_threshold.pth
# reads it. Python's own 700 make a start of Airflow take up to a third longer.
GC_VARIABLE = "TESTS_GC_THRESHOLD"


def gc_threshold() -> dict[str, str]:
    """Return the GC_VARIABLE for the environment of a process; a benchmark has none."""
    return {GC_VARIABLE: os.environ[GC_VARIABLE]} if GC_VARIABLE in os.environ else {}


def environment(home: Path, overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for a start with `home` as AIRFLOW_HOME, updated with `overrides`."""
    inherited = {name: text for name, text in os.environ.items() if name in ("LANG", "HOME")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**inherited, **gc_threshold(), "PATH": path, "AIRFLOW_HOME": str(home), **(overrides or {})}


def isolated_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return the environment of an Airflow in `home` without examples; it inherits the tests' GC_VARIABLE alone."""
    return {
        **gc_threshold(),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        **variables,
    }


def start(
    home: Path, *words: str, environ: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint with `words` and wait until it exits."""
    return subprocess.run(
        [*ENTRYPOINT, *words],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment(home, environ),
        cwd=CHECKOUT,
        timeout=300,
    )


def begin(home: Path, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Run the entrypoint with `words` without waiting for it."""
    return subprocess.Popen(
        [*ENTRYPOINT, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home, environ),
        cwd=CHECKOUT,
    )
