"""An installation, with or without the Runtime, that runs many tasks that do nothing whenever it is asked to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from testing.celery_cluster import create_migrated, run_cluster
from testing.plain_airflow import install_plain_airflow
from testing.quick_tasks import QuickTasks, settings
from testing.servers import Postgres, postgres, redis

TASKS = 80
EXECUTORS = ("LocalExecutor", "CeleryExecutor")
DAG = f"""
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@task
def nothing(number):
    pass

@dag(schedule=None, start_date=datetime(2020, 1, 1), max_active_tasks={TASKS}, is_paused_upon_creation=False)
def quick():
    nothing.expand(number=list(range({TASKS})))

quick()
"""


@contextmanager
def plain_airflow_and_server() -> Iterator[tuple[Sequence[str], Postgres]]:
    """Yield the words that run stock Airflow, and a server with the template of a migrated database."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        create_migrated(server, Path(folder))
        yield install_plain_airflow(Path(folder, "plain")), server


@contextmanager
def installation(server: Postgres, words: Sequence[str], executor: str, name: str) -> Iterator[QuickTasks]:
    """Run an installation with one executor; `words` run its `airflow`, `name` is that of its database."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(redis())
        variables = settings(executor, AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG=str(TASKS))
        cluster = stack.enter_context(run_cluster(home, server.create(name, "migrated"), broker, **variables))
        cluster.airflow = words
        tasks = QuickTasks(cluster, server, name, DAG)
        tasks.start(executor)
        yield tasks
