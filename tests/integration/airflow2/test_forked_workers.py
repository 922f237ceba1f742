"""Gunicorn forks its workers from a process that has used the database: each needs a connection of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from testing.celery_cluster import celery_environment
from testing.entrypoint_process import CHECKOUT
from testing.servers import Postgres

WORKERS = 4
# Workers that query together; one that gets no answer is killed by SIGALRM. Without the adapter, most rounds lose one.
SCRIPT = f"""\
import os, signal
from multiprocessing import Barrier
from airflow import settings
from airflow.utils.session import create_session
from sqlalchemy import text
from astro_runtime_plugin.web import airflow2

def backend():
    with create_session() as session:
        return session.execute(text("SELECT pg_backend_pid()")).scalar()

def work(barrier):
    signal.alarm(30)
    barrier.wait()
    os._exit(backend() == parent)

def fork(barrier):
    return os.fork() or work(barrier)

airflow2.extensions()
for _ in range(10):
    parent = backend()
    barrier = Barrier({WORKERS})
    children = [fork(barrier) for _ in range({WORKERS})]
    print(*(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
    settings.engine.dispose()
"""


def test_workers_that_query_together_all_get_an_answer(metadata: Postgres, tmp_path: Path) -> None:
    environ = celery_environment(tmp_path, metadata.create("forks", "migrated"), "redis://127.0.0.1:1/0")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environ,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-10:] == [" ".join(["0"] * WORKERS)] * 10
