"""The time of a start, compared with an empty Python and with the official image's way (`make bench`).

Every figure is the wall time of a whole process. The commands of a comparison run in turn, so that a machine that
slows down affects all of them, and the ratio is that of the medians.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench import page
from bench.rounds import medians
from dev.docs import markdown

CFG_LINES = 3000
VARIABLES = 200
ROUNDS = 60
SLOW_ROUNDS = 5
MAX_RATIO = 3.0  # of a whole start to an empty Python
MIN_STARTS = 100.0  # in the time of one `airflow db check`

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
    """Write an airflow.cfg of CFG_LINES lines: sections with 29 options each."""
    sections = (
        [f"[section_{number}]", *(f"option_{n} = value {n}" for n in range(29))] for number in range(100)
    )
    lines = [line for section in sections for line in section]
    assert len(lines) == CFG_LINES
    (home / "airflow.cfg").write_text("\n".join(lines) + "\n")


def large_environment(home: Path) -> dict[str, str]:
    """Return an environment with VARIABLES Airflow settings and what a process needs."""
    settings = {f"AIRFLOW__SECTION_{number}__OPTION": f"value {number}" for number in range(VARIABLES)}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home), **settings}


def seconds(words: Sequence[str], environ: dict[str, str]) -> float:
    """Return the wall time of one run of `words`, in seconds."""
    started = time.perf_counter()
    subprocess.run(words, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(home: Path) -> dict[str, float]:
    """Measure everything in one run; return the medians by name, in seconds."""
    environ = large_environment(home)
    with_queues = {**environ, "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": QUEUES}
    fast = {
        "python": partial(seconds, PYTHON, environ),
        "start": partial(seconds, START, environ),
        "start with queues": partial(seconds, START, with_queues),
    }
    slow = {"db check": partial(seconds, DB_CHECK, environ)}
    return {**medians(fast, ROUNDS), **medians(slow, SLOW_ROUNDS)}


def table(figures: dict[str, float]) -> str:
    """Return the figures and their ratios as a Markdown table."""
    python, start, with_queues, check = (
        figures[name] for name in ("python", "start", "start with queues", "db check")
    )
    rows = [
        ("`python -I -c pass`", f"{python * 1000:.1f} ms", "1", ""),
        (
            "`python -m entrypoint true`",
            f"{start * 1000:.1f} ms",
            page.ratio(start / python, MAX_RATIO),
            f"at most {MAX_RATIO:g}×",
        ),
        (
            "the same, with worker queues set",
            f"{with_queues * 1000:.1f} ms",
            f"{with_queues / python:.2f}×",
            "",
        ),
        (
            "`airflow db check`",
            f"{check * 1000:.0f} ms",
            page.mark(f"{check / start:.0f} starts", check / start >= MIN_STARTS),
            f"at least {MIN_STARTS:g} starts",
        ),
    ]
    return markdown.table(("whole process", "median", "ratio", "limit"), rows)


def main() -> int:
    """Measure, print the table, write it on the benchmarks page; return 1 if a limit is exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        write_cfg(Path(folder))
        figures = measure(Path(folder))
    text = table(figures)
    print(text)
    machine = f"Python {platform.python_version()}, {page.machine()}."
    page.write_section("What a start costs", f"{HEAD}\n{machine}\n\n{text}")
    within = (
        figures["start"] / figures["python"] <= MAX_RATIO
        and figures["db check"] / figures["start"] >= MIN_STARTS
    )
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
