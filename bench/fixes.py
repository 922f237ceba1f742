"""What the fixes cost a Python that never imports Airflow, and Airflow's own processes (`make bench`).

The figures are processor time, but for a scheduler's loop. An empty Python is measured without and with the `.pth`
file, in turn. What a scheduler and a task import takes times that differ by more than the fixes take, so there both
figures are from the same run: the time of the process, and that without what the activation of fixes took.
`fixes_at_work` measures what comes after.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench import page
from bench.fixes_at_work import LOOP, ROUNDS, figures_at_work
from bench.processor_time import processor_time
from bench.rounds import minima
from dev.docs import markdown
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.installed_line import AIRFLOW, LINE
from testing.proof import FIXED, STOCK

HOOK = "astro_runtime_fixes.pth"
PYTHON_ROUNDS, AIRFLOW_ROUNDS = 100, 7
MAX_MILLISECONDS = 1.0
MAX_RATIO = 1.01
PYTHON = "empty Python"
WITHOUT, WITH = "without", "with"
# What each of these processes imports before it works.
PROCESSES = {
    "scheduler": ("airflow.jobs.scheduler_job_runner", "airflow.providers.celery.executors.celery_executor"),
    "task": {
        "3.3": ("airflow.sdk.execution_time.supervisor", "airflow.sdk.execution_time.task_runner"),
        "2.11": ("airflow.cli.commands.task_command", "airflow.jobs.local_task_job_runner"),
    }[LINE],
}
# Measured by turning off one fix at a time.
REMARK = {
    "3.3": "",
    "2.11": " A task takes less with the fixes because of `lost-exit`: Python's garbage collector no longer goes"
    " through what was imported before the task.",
}[LINE]
# Prints the processor time of the fixes, and of the whole process, in seconds.
IMPORT = """
import functools, importlib, time, typing  # Airflow imports them anyway
begin = time.thread_time()
from astro_runtime_plugin.fixes import activation

calls = 0  # one function calls the other

def measure(function):
    def measured(*arguments, **options):
        global calls, taken
        started, calls = time.thread_time(), calls + 1
        function(*arguments, **options)
        calls -= 1
        taken += 0 if calls else time.thread_time() - started
    return measured

activation.apply_fixes = measure(activation.apply_fixes)
activation.watch_imports = measure(activation.watch_imports)
taken = time.thread_time() - begin
import {modules}
print()
print(taken, time.process_time())
"""


def empty_python(folder: Path) -> dict[str, float]:
    """Return the times of an empty Python whose environment has the package, without and with the `.pth` file."""
    measurements: dict[str, Callable[[], float]] = {}
    for name in (WITHOUT, WITH):
        site = folder / name
        site.mkdir()
        (site / "a-package.pth").write_text(f"{CHECKOUT}\n")
        if name == WITH:
            (site / HOOK).write_text((CHECKOUT / HOOK).read_text())
        words = [sys.executable, "-I", "-S", "-c", f"import site; site.addsitedir({str(site)!r})"]
        measurements[name] = partial(processor_time, words, isolated_environment(folder))
    return minima(measurements, PYTHON_ROUNDS)


def airflow_process(folder: Path, modules: Sequence[str]) -> dict[str, float]:
    """Return the times of the run with the median ratio, without and with what the fixes took."""
    words = [sys.executable, "-c", IMPORT.format(modules=", ".join(modules))]
    times = []
    for number in range(AIRFLOW_ROUNDS + 1):
        done = subprocess.run(
            words, env=isolated_environment(folder), capture_output=True, text=True, check=True
        )
        taken, total = map(float, done.stdout.splitlines()[-1].split())
        if number:  # the first has compiled what is new
            times.append({WITHOUT: total - taken, WITH: total})
    return sorted(times, key=ratio)[AIRFLOW_ROUNDS // 2]


def ratio(figures: Mapping[str, float]) -> float:
    """Return the figure with fixes divided by that without."""
    return figures[WITH] / figures[WITHOUT]


def is_within_limit(name: str, figures: Mapping[str, float]) -> bool:
    """Whether an empty Python stays within MAX_MILLISECONDS, and every other process within MAX_RATIO."""
    if name == PYTHON:
        return (figures[WITH] - figures[WITHOUT]) * 1000 <= MAX_MILLISECONDS
    return ratio(figures) <= MAX_RATIO


def row(name: str, figures: Mapping[str, float]) -> tuple[str, ...]:
    """Return a row of the table; a figure beyond its limit is marked."""
    limit = f"at most {MAX_MILLISECONDS:g} ms more" if name == PYTHON else f"at most {MAX_RATIO}×"
    without, with_fixes = (
        f"{figures[each]:,.0f} calls" if name == LOOP else f"{figures[each] * 1000:.1f} ms"
        for each in (WITHOUT, WITH)
    )
    mark = "" if is_within_limit(name, figures) else ", **over the limit**"
    return name, without, with_fixes, f"{ratio(figures):.3f}×{mark}", limit


def main() -> int:
    """Measure, print the table, write it on the benchmarks page; return 1 if a limit is exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        figures = {PYTHON: empty_python(Path(folder))}
        for name, modules in PROCESSES.items():
            figures[f"imports of a {name}"] = airflow_process(Path(folder), modules)
        for name, by_mode in figures_at_work(Path(folder)).items():
            figures[name] = {WITHOUT: by_mode[STOCK], WITH: by_mode[FIXED]}
    text = markdown.table(
        ("process", "without", "with fixes", "ratio", "limit"), [row(*item) for item in figures.items()]
    )
    print(text)
    method = (
        f"Measured by `make bench LINE={LINE}`: the least processor time of an empty Python in {PYTHON_ROUNDS}"
        f" interleaved rounds, without and with `{HOOK}`; and the processor time of what a scheduler and a task import,"
        f" without and with what the fixes took of it, in the run with the median ratio of {AIRFLOW_ROUNDS}. With"
        " `[astro_runtime] fixes` at `none` and at `all`: the function calls of a loop of an idle scheduler, whose time"
        " differs by 5 % from one process to the next; and a task that does nothing, with its supervisor, as the least"
        f" processor time in {ROUNDS} interleaved rounds.{REMARK}"
    )
    machine = f"Airflow {AIRFLOW}, Python {platform.python_version()}, {page.machine()}."
    page.write_section(f"What the fixes cost, Airflow {LINE}", f"{method}\n\n{machine}\n\n{text}")
    return 0 if all(is_within_limit(*item) for item in figures.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
