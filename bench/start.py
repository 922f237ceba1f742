"""What a start costs, beside an empty Python and beside the official image's way, in one run (`make bench`).

Every figure is the wall time of a whole process. The commands of a comparison run in turn, so that a machine
that slows down slows all of them, and the ratio is that of the medians.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import page
from dev.docs import markdown

CFG_LINES = 3000
VARIABLES = 200
ROUNDS = 60
SLOW_ROUNDS = 5
MOST = 3.0  # times an empty Python, for a whole start
LEAST = 100.0  # starts in the time of one `airflow db check`

PYTHON = (sys.executable, "-I", "-c", "pass")
START = (sys.executable, "-m", "entrypoint", "true")
DB_CHECK = (str(Path(sys.executable).parent / "airflow"), "db", "check")
HEAD = f"""\
Measured by `make bench`: the median wall time of whole processes over {ROUNDS} interleaved rounds ({SLOW_ROUNDS}
for `airflow db check`, which the official image's entrypoint runs at least once before each start), with an
airflow.cfg of {CFG_LINES} lines and {VARIABLES} variables set. Compare the ratios: they carry over to another
machine better than the milliseconds do.
"""
QUEUES = '[{"name":"default","worker_count":4,"worker_concurrency":16},{"name":"gpu","worker_count":2}]'


def write_cfg(home: Path) -> None:
    """Write an airflow.cfg of CFG_LINES lines: a section, 29 options, and so on."""
    sections = (
        [f"[section_{number}]", *(f"option_{n} = value {n}" for n in range(29))] for number in range(100)
    )
    lines = [line for section in sections for line in section]
    assert len(lines) == CFG_LINES
    (home / "airflow.cfg").write_text("\n".join(lines) + "\n")


def environment(home: Path) -> dict[str, str]:
    """Return an environment of VARIABLES Airflow settings and what a process needs besides."""
    settings = {f"AIRFLOW__SECTION_{number}__OPTION": f"value {number}" for number in range(VARIABLES)}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home), **settings}


def seconds(words: Sequence[str], environ: dict[str, str]) -> float:
    """Return the wall time of one run of `words`, in seconds."""
    started = time.perf_counter()
    subprocess.run(words, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def medians(commands: Mapping[str, tuple[Sequence[str], dict[str, str]]], rounds: int) -> dict[str, float]:
    """Run the commands in turn, after one round that is not counted; return each one's median, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for counted in range(rounds + 1):
        for name, (words, environ) in commands.items():
            taken = seconds(words, environ)
            if counted:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def measure(home: Path) -> dict[str, float]:
    """Measure everything in one run; return the medians by name, in seconds."""
    environ = environment(home)
    told = {**environ, "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": QUEUES}
    fast = {"python": (PYTHON, environ), "start": (START, environ), "start, queues told": (START, told)}
    return {**medians(fast, ROUNDS), **medians({"db check": (DB_CHECK, environ)}, SLOW_ROUNDS)}


def table(found: dict[str, float]) -> str:
    """Return the figures and their ratios as a Markdown table."""
    python, start, told, check = (
        found[name] for name in ("python", "start", "start, queues told", "db check")
    )
    rows = [
        ("`python -I -c pass`", f"{python * 1000:.1f} ms", "1", ""),
        (
            "`python -m entrypoint true`",
            f"{start * 1000:.1f} ms",
            f"{start / python:.2f}×",
            f"at most {MOST:g}×",
        ),
        ("the same, with worker queues set", f"{told * 1000:.1f} ms", f"{told / python:.2f}×", ""),
        (
            "`airflow db check`",
            f"{check * 1000:.0f} ms",
            f"{check / start:.0f} starts",
            f"at least {LEAST:g} starts",
        ),
    ]
    return markdown.table(("whole process", "median", "ratio", "bound"), rows)


def main() -> int:
    """Measure, print the table, keep it on the benchmarks page, and return 1 if a bound does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        write_cfg(Path(folder))
        found = measure(Path(folder))
    drawn = table(found)
    print(drawn)
    page.keep(
        "What a start costs", f"{HEAD}\nPython {platform.python_version()}, {page.machine()}.\n\n{drawn}"
    )
    within = found["start"] / found["python"] <= MOST and found["db check"] / found["start"] >= LEAST
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
