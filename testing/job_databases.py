"""Databases with Airflow's jobs, for health checks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from testing.database_setup import database_environ
from testing.health_check import run
from testing.installed_line import LINE
from testing.servers import Postgres

# Each job's own threshold, long enough for the tests' heartbeats of 500 s ago, which no default allows, and which are
# older in a test that comes later.
LONG_THRESHOLDS = {
    "scheduler": {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10000"},
    "triggerer": {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10000"},
    "dag-processor": {
        "3.3": {"AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "10000"},
        "2.11": {"AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "4000"},  # a heartbeat may be 2.1 times as old
    }[LINE],
}
# The jobs of each database: type, state, host (this one where it is None), age of the heartbeat in seconds.
BEATS = {
    "running": [(f"{name}Job", "running", None, 500) for name in ("Scheduler", "Triggerer", "DagProcessor")],
    "elsewhere": [("SchedulerJob", "running", "elsewhere", 0), ("TriggererJob", "running", None, 0)],
    "ended": [("SchedulerJob", "success", None, 0)],
    "restarted": [("SchedulerJob", "running", None, age) for age in (50000, 500, 50001)],
    "empty": [],
}
TOO_OLD = re.compile(
    r"the last heartbeat of this host's \w+Job is (?P<age>\d+) s old; at most (?P<max_age>\d+) s is allowed"
)
CALLABLES = ("airflow.utils.net.getfqdn", "airflow.utils.net.get_host_ip_address", "socket.gethostname")
# Airflow's own model writes the rows, as its components do.
WRITE = """
import json, os, sys
from datetime import datetime, timedelta, timezone
from airflow.jobs.job import Job
from airflow.utils.net import get_hostname
from sqlalchemy import create_engine

def row(kind, state, host, age):
    heartbeat = datetime.now(timezone.utc) - timedelta(seconds=age)
    return dict(job_type=kind, state=state, hostname=host or get_hostname(), latest_heartbeat=heartbeat)

def name(path):
    os.environ["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = path
    return get_hostname()

databases, callables = map(json.loads, sys.argv[1:])
for url, jobs in databases.items():
    with create_engine(url).begin() as connection:
        Job.__table__.create(connection)
        for job in jobs:
            connection.execute(Job.__table__.insert(), [row(*job)])
print(json.dumps({path: name(path) for path in callables}))
"""


def create_job_databases(server: Postgres, home: Path) -> None:
    """Create a folder of SQLite databases with Airflow's jobs, and hostnames.json with Airflow's names of this host.

    One more database, `beats`, is a PostgreSQL that returns times in its own time zone.
    """
    (home / "airflow.cfg").touch()
    rows = {sqlite(home, name)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]: jobs for name, jobs in BEATS.items()}
    rows[server.create("beats")] = BEATS["running"]
    server.sql("postgres", "ALTER DATABASE beats SET timezone TO 'Asia/Tokyo'")
    done = run(home, sys.executable, "-c", WRITE, json.dumps(rows), json.dumps(CALLABLES), environ={})
    assert done.returncode == 0, done.stderr
    (home / "hostnames.json").write_text(done.stdout.splitlines()[-1])


def sqlite(home: Path, name: str) -> dict[str, str]:
    return database_environ(f"sqlite:///{home}/{name}.db")
