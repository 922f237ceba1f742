"""Runs a probe in a process of its own, with stock Airflow or with the fixes, on a migrated database of its own."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from testing.entrypoint_process import CHECKOUT, isolated_environment

T = TypeVar("T")
RESULT = "RESULT "
STOCK, FIXED = "stock", "fixed"
SELECTION = {STOCK: "none", FIXED: "all"}  # of [astro_runtime] fixes


def report(result: Any) -> None:
    """Print what a probe has observed; its test gets it from `Proof.run`."""
    print(f"{RESULT}{json.dumps(result)}", flush=True)


@dataclass(frozen=True)
class Proof:
    """One half of a proof: with stock Airflow, or with the fixes."""

    mode: str
    home: Path

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of an Airflow in this half."""
        selection = {"AIRFLOW__ASTRO_RUNTIME__FIXES": SELECTION[self.mode]}
        return isolated_environment(self.home, **selection, **variables)

    def run(self, module: str, *words: str, **variables: str) -> Any:
        """Run a module of tests/integration/fixes/probes, and return what it reports."""
        command = [sys.executable, "-m", f"tests.integration.fixes.probes.{module}", *words]
        done = subprocess.run(
            command,
            env=self.environment(**variables),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        results = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
        assert results, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(results[-1].removeprefix(RESULT))

    def expect(self, *, stock: T, fixed: T) -> T:
        """Return what this half must observe. Where stock no longer has the fault, the fix has ended."""
        return {STOCK: stock, FIXED: fixed}[self.mode]


def copy_migrated_database(templates: Path, home: Path) -> None:
    """Give `home` a migrated SQLite database; the first caller creates its template in `templates`."""
    template = templates / "migrated" / "airflow.db"
    templates.mkdir(parents=True, exist_ok=True)
    with open(templates / "migrated.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            _migrate(template.parent)
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, home / "airflow.db")


def _migrate(home: Path) -> None:
    environ = isolated_environment(home)
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=environ,
        capture_output=True,
        check=True,
        timeout=300,
    )
