"""Short tasks on Celery workers, with plain Airflow and with the Runtime on the same machine (`make bench-throughput`).

Both have only the settings that Celery needs, and one that lets a DAG run all of its tasks at once. Plain Airflow is
the same environment without the Runtime. How many tasks ran at once is computed from the metadata database.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import page
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.celery_cluster import AIRFLOW, Cluster, create_migrated, run_cluster
from testing.installed_line import LINE
from testing.plain_airflow import install_plain_airflow
from testing.servers import Postgres, free_port, postgres, redis

WORKERS, SLOTS, TASKS, SECONDS = 4, 16, 500, 30
MIN_RATIO = 1.9
DAG = f"""
from datetime import datetime
from time import sleep
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@task
def short(number):
    sleep({SECONDS})

@dag(schedule=None, start_date=datetime(2020, 1, 1), max_active_tasks={TASKS}, is_paused_upon_creation=False)
def throughput():
    short.expand(number=list(range({TASKS})))

throughput()
"""
OVERLAPS = """
    SELECT max(at_once) FROM (SELECT sum(change) OVER (ORDER BY at, change) AS at_once FROM (
        SELECT start_date AS at, 1 AS change FROM task_instance
        UNION ALL SELECT end_date, -1 FROM task_instance) AS changes) AS counted"""
DURATION = "SELECT extract(epoch FROM max(end_date) - min(start_date)) FROM task_instance"
ENDED = """
    SELECT count(*), count(*) FILTER (WHERE state = 'failed') FROM task_instance
    WHERE state IN ('success', 'failed')"""
TITLE = f"Tasks on Celery workers, Airflow {LINE}"
METHOD = (
    f"Measured by `make bench-throughput LINE={LINE}`: {TASKS} tasks of {SECONDS} seconds on {WORKERS} workers with"
    f" {SLOTS} slots each, with Redis and PostgreSQL, one after the other on the same machine. The goal is at least"
    f" {MIN_RATIO:g} times stock Airflow."
)
STOCK = "stock Airflow"
COMPONENTS = {"3.3": ("api-server", "dag-processor", "triggerer"), "2.11": ()}[LINE]


def run(airflow: Sequence[str], server: Postgres, name: str) -> tuple[float, int]:
    """Run the tasks; return tasks per minute, and the maximum that ran at once."""
    with tempfile.TemporaryDirectory() as folder, redis() as broker:
        home = Path(folder)
        (home / "dags").mkdir()
        (home / "dags" / "throughput.py").write_text(DAG)
        port = free_port()
        extra = {
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(TASKS),
        }
        with run_cluster(home, server.create(name, "migrated"), broker, **extra) as cluster:
            cluster.airflow = airflow
            start(cluster)
            while (ended := server.sql(name, ENDED)[0])[0] < TASKS:
                time.sleep(2)
            if ended[1]:
                raise SystemExit(f"{ended[1]} of the tasks failed, so there is nothing to compare")
            return TASKS * 60 / float(server.sql(name, DURATION)[0][0]), int(server.sql(name, OVERLAPS)[0][0])


def start(cluster: Cluster) -> None:
    """Start the components, wait until the workers are ready, and trigger the DAG."""
    for component in COMPONENTS:
        cluster.run(component, component)
    cluster.scheduler()
    for number in range(WORKERS):
        cluster.worker(f"worker{number}", "-c", str(SLOTS))
    trigger = [*cluster.airflow, "dags", "trigger", "throughput"]
    while subprocess.run(
        trigger, env=cluster.environ, cwd=cluster.home, capture_output=True, check=False
    ).returncode:
        time.sleep(2)


def mark(kind: str, ratio: float) -> str:
    """Return the ratio to stock Airflow; in bold if the Runtime misses the goal."""
    return page.mark(f"{ratio:.2f}×", kind == STOCK or ratio >= MIN_RATIO)


def main() -> None:
    """Print the table, and write it into docs/reference/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        home = Path(folder)
        create_migrated(server, home)
        commands_by_name = {STOCK: install_plain_airflow(home / "plain"), "the Runtime": AIRFLOW}
        figures = {
            kind: run(words, server, f"kind{number}")
            for number, (kind, words) in enumerate(commands_by_name.items())
        }
    baseline = figures[STOCK][0]
    rows = [
        (kind, f"{rate:.0f}", mark(kind, rate / baseline), str(maximum))
        for kind, (rate, maximum) in figures.items()
    ]
    table = markdown.table(("", "tasks per minute", "ratio", "maximum at once"), rows)
    page.write_section(TITLE, f"{METHOD} {page.machine()}.\n\n{table}")
    print(table)


if __name__ == "__main__":
    exit_on_sigterm()
    main()
