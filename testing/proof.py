"""Runs a probe in a process of its own, with stock Airflow or with the fixes, on a migrated database of its own."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from testing.entrypoint_process import CHECKOUT, isolated_environment

if TYPE_CHECKING:
    import pytest

T = TypeVar("T")
RESULT = "RESULT "
STOCK, FIXED = "stock", "fixed"
SELECTION = {STOCK: "none", FIXED: "all"}  # of [astro_runtime] fixes
# Seconds. A busy machine answers late, and what is asked again counts twice; a server that is away refuses at once.
PATIENCE = {"AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "300"}


def report(result: Any) -> None:
    """Print what a probe has observed; its test gets it from `Proof.run`."""
    print(f"{RESULT}{json.dumps(result)}", flush=True)


def report_scenes(scenes: Mapping[str, Callable[[], Any]], names: Sequence[str]) -> None:
    """Report what each of the named scenes returns, by name.

    Each runs in a process forked from this one, which has imported Airflow once for all of them, and finds
    AIRFLOW_HOME as it is now.
    """
    home = Path(os.environ["AIRFLOW_HOME"])
    outcomes = {}
    with tempfile.TemporaryDirectory() as folder:
        before = shutil.copytree(home, Path(folder) / "home")
        for name in names:
            outcomes[name] = _in_fork(scenes[name])
            shutil.rmtree(home)
            shutil.copytree(before, home)
    report(outcomes)


def _in_fork(scene: Callable[[], Any]) -> Any:
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.write(writer, json.dumps(scene()).encode())
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.close(writer)
    with open(reader) as outcome:
        text = outcome.read()
    os.wait()
    return json.loads(text)  # without an outcome, the scene has failed and printed why


@dataclass(frozen=True)
class Proof:
    """One half of a proof: with stock Airflow, or with the fixes."""

    mode: str
    home: Path
    differences: list[bool] = field(default_factory=list)
    """For each expectation so far, whether the other half expects something else."""

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of an Airflow in this half."""
        selection = {"AIRFLOW__ASTRO_RUNTIME__FIXES": SELECTION[self.mode]}
        return isolated_environment(self.home, **selection, **{**PATIENCE, **variables})

    def run(self, module: str, *words: str, **variables: str) -> Any:
        """Run a module of tests/integration/fixes/probes, and return what it reports."""
        command = [sys.executable, "-m", f"tests.integration.fixes.probes.{module}", *words]
        done = subprocess.run(
            command,
            env=self.environment(**variables),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=560,  # little less than a test may take
        )
        results = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
        assert results, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(results[-1].removeprefix(RESULT))

    def expect(self, *, stock: T, fixed: T) -> T:
        """Return what this half must observe. Where stock no longer has the fault, the fix has ended."""
        self.differences.append(stock != fixed)
        return {STOCK: stock, FIXED: fixed}[self.mode]


def templates_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder for templates that all workers of a session share."""
    base = factory.getbasetemp()
    # A worker of pytest-xdist has a folder of its own within the session's.
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "templates"


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
