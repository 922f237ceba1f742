"""What a page and a call of the REST API cost, with plain Airflow and with the Runtime (`make bench-web`).

Both are the processor time of a request within the web application, without a network and a browser. Plain Airflow is
the same environment without the Runtime.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from bench import page
from bench.identity.workplace import MORE, MeasuredProcess
from bench.rounds import medians
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.entrypoint_process import isolated_environment
from testing.installed_line import LINE
from testing.plain_airflow import install_plain_airflow

ROUNDS = 30
BOUND = 1.01
REQUESTS = {
    "3.3": {
        "the page": "/",
        "`GET /api/v2/version`": "/api/v2/version",
        "`GET /api/v2/dags`": "/api/v2/dags",
    },
    "2.11": {
        "the page of DAGs": "/home",
        "`GET /api/v1/version`": "/api/v1/version",
        "`GET /api/v1/dags`": "/api/v1/dags",
    },
}[LINE]
STOCK, RUNTIME = "stock Airflow", "the Runtime"
TITLE = f"What a request costs, Airflow {LINE}"
SCRIPT = Path(__file__).with_name("request_process.py")


@contextmanager
def web_application(python: str, home: Path) -> Iterator[MeasuredProcess]:
    """Run the web application of a Python's Airflow, with a new database, until the end of the block."""
    home.mkdir()
    environ = isolated_environment(home, **MORE)
    subprocess.run([python, "-m", "airflow", "db", "migrate"], env=environ, check=True, capture_output=True)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([python, str(SCRIPT)], env=environ, cwd=home, text=True, **pipes) as process:  # type: ignore[call-overload]
        while (line := process.stdout.readline()) != "ready\n":
            assert line, "the web application has ended"
        yield MeasuredProcess(process.stdin, process.stdout)
        process.stdin.close()


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """Return the seconds of each request with each Airflow, as `NAME REQUEST`."""
    plain, *_ = install_plain_airflow(folder / "plain")
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(web_application(python, folder / name.replace(" ", "-")))
            for name, python in {STOCK: plain, RUNTIME: sys.executable}.items()
        }
        measurements = {
            f"{name} {request}": partial(process.measure, path)
            for request, path in REQUESTS.items()
            for name, process in processes.items()
        }
        return medians(measurements, rounds)


def row(request: str, seconds: Mapping[str, float]) -> Sequence[str]:
    """Return a row of the table; a ratio beyond the bound is bold."""
    stock, runtime = seconds[f"{STOCK} {request}"], seconds[f"{RUNTIME} {request}"]
    times = (f"{stock * 1000:.2f} ms", f"{runtime * 1000:.2f} ms")
    return request, *times, page.ratio(runtime / stock, BOUND), f"at most {BOUND}×"


def main(rounds: int = ROUNDS) -> None:
    """Print the table, and write it on the page."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), rounds)
    rows = [row(request, seconds) for request in REQUESTS]
    table = markdown.table(("request", STOCK, RUNTIME, "ratio", "goal"), rows)
    method = (
        f"Measured by `make bench-web LINE={LINE}`: the processor time of a request within the web application, median"
        f" of {rounds} interleaved rounds of 100 requests, after one that does not count; an administrator's, with an"
        f" empty SQLite database. A ratio beyond its goal is bold. {page.machine()}."
    )
    page.write_section(TITLE, f"{method}\n\n{table}")
    print(table)


if __name__ == "__main__":
    exit_on_sigterm()
    main(*map(int, sys.argv[1:]))
