"""Short tasks on Celery workers, stock Airflow beside the Runtime on the same machine (`make bench-throughput`).

Nothing is set for either but what Celery needs and that one DAG may have all of its tasks running. Stock Airflow is
the same environment's packages without this one. What ran at once is what the metadata database says afterwards.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import page
from dev.docs.markdown import table
from testing.celery_cluster import AIRFLOW, Cluster, cluster, told
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.servers import Postgres, free_port, postgres, redis
from testing.stock_airflow import stock

WORKERS, SLOTS, TASKS, SECONDS = 4, 16, 500, 30
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
TOOK = "SELECT extract(epoch FROM max(end_date) - min(start_date)) FROM task_instance"
ENDED = """
    SELECT count(*), count(*) FILTER (WHERE state = 'failed') FROM task_instance
    WHERE state IN ('success', 'failed')"""
TITLE = f"Tasks on Celery workers, Airflow {LINE}"
SAYS = (
    f"Measured by `make bench-throughput LINE={LINE}`: {TASKS} tasks of {SECONDS} seconds on {WORKERS} workers with"
    f" {SLOTS} slots each, with Redis and PostgreSQL, one after the other on the same machine."
)
PARTS = {"3.3": ("api-server", "dag-processor", "triggerer"), "2.11": ()}[LINE]


def run(airflow: Sequence[str], server: Postgres, name: str) -> tuple[float, int]:
    """Run the tasks; return tasks a minute, and the most that ran at once."""
    with tempfile.TemporaryDirectory() as folder, redis() as broker:
        home = Path(folder)
        (home / "dags").mkdir()
        (home / "dags" / "throughput.py").write_text(DAG)
        port = free_port()
        more = {
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(TASKS),
        }
        with cluster(home, server.create(name, "migrated"), broker, **more) as made:
            made.airflow = airflow
            start(made)
            while (ended := server.sql(name, ENDED)[0])[0] < TASKS:
                time.sleep(2)
            if ended[1]:
                raise SystemExit(f"{ended[1]} of the tasks failed, so there is nothing to compare")
            return TASKS * 60 / float(server.sql(name, TOOK)[0][0]), int(server.sql(name, OVERLAPS)[0][0])


def start(made: Cluster) -> None:
    """Start the components, wait until the workers are known, and trigger the DAG."""
    for part in PARTS:
        made.run(part, part)
    made.scheduler()
    for number in range(WORKERS):
        made.worker(f"worker{number}", "-c", str(SLOTS))
    trigger = [*made.airflow, "dags", "trigger", "throughput"]
    while subprocess.run(
        trigger, env=made.environ, cwd=made.home, capture_output=True, check=False
    ).returncode:
        time.sleep(2)


def main() -> None:
    """Print the table, and write it into docs/reference/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        home = Path(folder)
        environ = told(home, server.create("migrated"), "redis://127.0.0.1:1/0")
        subprocess.run(
            [*AIRFLOW, "db", "migrate"], env=environ, cwd=CHECKOUT, check=True, capture_output=True
        )
        kinds = {"stock Airflow": stock(home / "stock"), "the Runtime": AIRFLOW}
        figures = {
            kind: run(words, server, f"kind{place}") for place, (kind, words) in enumerate(kinds.items())
        }
    first = figures["stock Airflow"][0]
    rows = [
        (kind, f"{each:.0f}", f"{each / first:.2f}×", str(most)) for kind, (each, most) in figures.items()
    ]
    shown = table(("", "tasks a minute", "ratio", "most at once"), rows)
    page.keep(TITLE, f"{SAYS} {page.machine()}.\n\n{shown}")
    print(shown)


if __name__ == "__main__":
    main()
