from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from testing.installed_line import LINE
from testing.proof import FIXED, STOCK, Proof
from testing.servers import InterruptiblePostgres, Postgres
from testing.waiting import wait_until

AIRFLOW = (sys.executable, "-m", "airflow")
OUTAGE = 40.0  # seconds, the time that a failover may take
# Seconds. Without the fix, the scheduler ends during the outage, but a busy machine takes long for that.
PATIENCE = {STOCK: 300.0, FIXED: OUTAGE}
QUEUES = {
    "3.3": ("queued_tasks", "queued_callbacks", "queued_connection_tests"),
    "2.11": ("queued_tasks",),
}[LINE]
HEARTBEATS = (
    "SELECT count(*) FROM job WHERE job_type = 'SchedulerJob' AND latest_heartbeat > now() - interval '9 s'"
)


def test_scheduler_outlasts_an_outage_of_the_database(proof: Proof, server: InterruptiblePostgres) -> None:
    postgres, away = server
    options = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.create("airflow"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
    }
    # Without its grace, which would hide that the scheduler takes itself for dead.
    environ = proof.environment(**options) | {
        "AIRFLOW__ASTRO_RUNTIME__FIXES": proof.expect(stock="none", fixed="-outage-grace")
    }
    subprocess.run([*AIRFLOW, "db", "migrate"], env=environ, capture_output=True, check=True, timeout=300)
    path = proof.home / "scheduler.log"
    with (
        open(path, "w") as log,
        subprocess.Popen([*AIRFLOW, "scheduler"], env=environ, stdout=log, stderr=log) as scheduler,
    ):
        try:
            wait_until(
                lambda: heartbeats(postgres), path.read_text, failed=lambda: scheduler.poll() is not None
            )
            before = len(path.read_text())  # a scheduler that starts slowly may take itself for dead
            with away(), suppress(subprocess.TimeoutExpired):
                scheduler.wait(PATIENCE[proof.mode])
            ended = scheduler.poll() is not None
            assert ended is proof.expect(stock=True, fixed=False), path.read_text()
            if not ended:
                wait_until(
                    lambda: heartbeats(postgres), path.read_text, failed=lambda: scheduler.poll() is not None
                )
                assert "SchedulerJob instances as failed" not in path.read_text()[before:]
        finally:
            scheduler.terminate()


def test_workloads_that_were_not_saved_are_dropped(proof: Proof) -> None:
    """Airflow itself begins no loop again."""
    begun = proof.run("unsaved_workloads")
    assert begun == proof.expect(stock=[], fixed=[{name: ["saved"] for name in QUEUES}])


def heartbeats(postgres: Postgres) -> int:
    return int(postgres.sql("airflow", HEARTBEATS)[0][0])
