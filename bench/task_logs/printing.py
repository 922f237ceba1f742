"""What `task_logs_to_stdout` costs the process that writes a task's log, in processor time of a line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from testing.entrypoint_process import CHECKOUT, isolated_environment

LINES, ROUNDS, PROCESSES = 10000, 5, 2
RESULT = "RESULT "


class Printing(NamedTuple):
    """Seconds of processor time of a line: without the setting, and what the setting adds."""

    alone: float
    more: float


def printing(folder: Path) -> Printing:
    """Return what a line costs; the least of interleaved processes."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(PROCESSES):
        for is_set in times:
            times[is_set].append(seconds_of_line(folder / f"printing-{is_set}", is_set))
    alone = min(times[False])
    return Printing(alone, min(times[True]) - alone)


def seconds_of_line(home: Path, is_set: bool) -> float:
    """Return the processor time of a line in a process whose stdout is read, in seconds."""
    home.mkdir(exist_ok=True)
    environ = isolated_environment(home, AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT=str(is_set))
    words = [sys.executable, "-m", "bench.task_logs.print_process", str(LINES), str(ROUNDS)]
    with open(home / "errors", "w+") as errors:
        writer = subprocess.Popen(words, env=environ, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=errors)
        subprocess.run(["cat"], stdin=writer.stdout, stdout=subprocess.DEVNULL, check=True)
        assert writer.wait() == 0, (home / "errors").read_text()
        errors.seek(0)
        (result,) = [line for line in errors if line.startswith(RESULT)]
    return float(result.removeprefix(RESULT))
