"""What the fixes cost a Python that never imports Airflow, and Airflow's own processes (`make bench`).

Every figure is the least processor time of a whole process in some rounds: other processes only add to it. What is
compared runs in turn.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench import page
from bench.rounds import minima
from dev.docs import markdown
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.installed_line import AIRFLOW, LINE

HOOK = "astro_runtime_fixes.pth"
PYTHON_ROUNDS, AIRFLOW_ROUNDS = 100, 15
MAX_MILLISECONDS = 1.0
MAX_RATIO = 1.01
QUIET = [(os.POSIX_SPAWN_OPEN, output, os.devnull, os.O_WRONLY, 0) for output in (1, 2)]
WITHOUT, WITH = "without", "with"
SELECTIONS = {WITHOUT: "none", WITH: "all"}
# What each of these processes imports before it works.
PROCESSES = {
    "scheduler": ("airflow.jobs.scheduler_job_runner", "airflow.providers.celery.executors.celery_executor"),
    "task": {
        "3.3": ("airflow.sdk.execution_time.supervisor", "airflow.sdk.execution_time.task_runner"),
        "2.11": ("airflow.cli.commands.task_command", "airflow.jobs.local_task_job_runner"),
    }[LINE],
}


def processor_time(words: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return the processor time of one run of `words`, in seconds. Raises AssertionError if it fails."""
    process = os.posix_spawn(words[0], [*words], environ, file_actions=QUIET)
    _, status, usage = os.wait4(process, 0)
    assert status == 0, words
    return usage.ru_utime + usage.ru_stime


def empty_pythons(folder: Path) -> dict[str, Callable[[], float]]:
    """Return how to measure an empty Python whose environment has the package, without and with the `.pth` file."""
    measurements: dict[str, Callable[[], float]] = {}
    for name in SELECTIONS:
        site = folder / name
        site.mkdir()
        (site / "a-package.pth").write_text(f"{CHECKOUT}\n")
        if name == WITH:
            (site / HOOK).write_text((CHECKOUT / HOOK).read_text())
        words = [sys.executable, "-I", "-S", "-c", f"import site; site.addsitedir({str(site)!r})"]
        measurements[name] = partial(processor_time, words, isolated_environment(folder))
    return measurements


def airflow_processes(folder: Path, modules: Sequence[str]) -> dict[str, Callable[[], float]]:
    """Return how to measure the imports of an Airflow process, without and with the fixes."""
    words = [sys.executable, "-c", f"import {', '.join(modules)}"]
    return {
        name: partial(
            processor_time, words, isolated_environment(folder, AIRFLOW__ASTRO_RUNTIME__FIXES=selection)
        )
        for name, selection in SELECTIONS.items()
    }


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Return the least times by process, without and with fixes, in seconds."""
    figures = {"empty Python": minima(empty_pythons(folder), PYTHON_ROUNDS)}
    for name, modules in PROCESSES.items():
        figures[name] = minima(airflow_processes(folder, modules), AIRFLOW_ROUNDS)
    return figures


def row(name: str, times: Mapping[str, float]) -> tuple[str, ...]:
    """Return a row of the table."""
    limit = f"at most {MAX_RATIO}×" if name in PROCESSES else f"at most {MAX_MILLISECONDS:g} ms more"
    without, with_fixes = (f"{times[each] * 1000:.1f} ms" for each in (WITHOUT, WITH))
    return name, without, with_fixes, f"{times[WITH] / times[WITHOUT]:.3f}×", limit


def is_within_limit(figures: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether an empty Python stays within MAX_MILLISECONDS, and every other process within MAX_RATIO."""
    python = figures["empty Python"]
    ratios = [figures[name][WITH] / figures[name][WITHOUT] for name in PROCESSES]
    return (python[WITH] - python[WITHOUT]) * 1000 <= MAX_MILLISECONDS and max(ratios) <= MAX_RATIO


def main() -> int:
    """Measure, print the table, write it on the benchmarks page; return 1 if a limit is exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    text = markdown.table(
        ("process", "without", "with fixes", "ratio", "limit"), [row(*item) for item in figures.items()]
    )
    print(text)
    method = (
        f"Measured by `make bench LINE={LINE}`: the least processor time of whole processes in {PYTHON_ROUNDS}"
        f" interleaved rounds of an empty Python, without and with `{HOOK}`, and in {AIRFLOW_ROUNDS} rounds of what a"
        " scheduler and a task import, with `[astro_runtime] fixes` = `none` and `all`."
    )
    machine = f"Airflow {AIRFLOW}, Python {platform.python_version()}, {page.machine()}."
    page.write_section(f"What the fixes cost, Airflow {LINE}", f"{method}\n\n{machine}\n\n{text}")
    return 0 if is_within_limit(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
