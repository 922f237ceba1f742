"""Proof of the fix `task-result`: whatever an outage of the database interrupts around a task's code is done again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from testing.airflow_command import AIRFLOW_COMMANDS
from testing.celery_cluster import Component
from testing.entrypoint_process import CHECKOUT
from testing.proof import FIXED, STOCK, Proof
from testing.servers import InterruptiblePostgres
from testing.waiting import wait_until
from tests.integration.fixes.probes.interrupted_tasks import DAG_FILE, POINTS

PROBE = (sys.executable, "-m", "tests.integration.fixes.probes.interrupted_tasks")
COMMANDS = (
    "db migrate",
    "variables set name value",
    "dags reserialize",
    "dags trigger dag --run-id run",
)
# Seconds. Without the fix, all processes end during the outage, but a busy machine lets them do so slowly.
OUTAGE = {STOCK: 300.0, FIXED: 5.0}
NOT_STARTED = ("parse", "context", "runner", "job", "start")
WITHOUT_CODE = (*NOT_STARTED, "process", "render", "pull", "sensor")


def test_interrupted_task_goes_on_where_it_was(proof: Proof, server: InterruptiblePostgres) -> None:
    postgres, away = server
    environ = proof.environment(
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgres.create("airflow"),
        AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="0",  # the probe blocks there, too
    )
    folder = proof.home / "dags"
    folder.mkdir()
    (folder / "dags.py").write_text(DAG_FILE)
    create = [*AIRFLOW_COMMANDS, *COMMANDS]
    subprocess.run(create, env=environ, cwd=CHECKOUT, capture_output=True, check=True, timeout=300)
    probe = Component(proof.home, "tasks", PROBE, environ)

    def not_blocked() -> list[str]:
        return [name for name in POINTS if not (proof.home / f"blocked {name}").exists()]

    try:
        wait_until(lambda: not not_blocked(), lambda: f"{not_blocked()}\n{probe.log[-10_000:]}")
        with away():
            (proof.home / "end").touch()
            with suppress(subprocess.TimeoutExpired):
                probe.process.wait(OUTAGE[proof.mode])
        probe.process.wait(300)
    finally:
        probe.kill()
    states = dict(postgres.sql("airflow", "SELECT task_id, state FROM task_instance"))
    stock: dict[str, str | None] = dict.fromkeys(POINTS, "running")
    assert states == proof.expect(
        stock={**stock, **dict.fromkeys(NOT_STARTED), "end": "success"},
        fixed=dict.fromkeys(POINTS, "success"),
    )
    jobs = postgres.sql("airflow", "SELECT state, count(*) FROM job GROUP BY state")
    started = len(POINTS) - len(NOT_STARTED) + 1  # the job of `start` is saved, its task is not running
    assert jobs == proof.expect(stock=[("running", started)], fixed=[("success", len(POINTS))])
    code = {name: (proof.home / f"code {name}").read_text() for name in POINTS if has_run(proof, name)}
    assert code == proof.expect(
        stock=dict.fromkeys((name for name in POINTS if name not in WITHOUT_CODE), "once "),
        fixed=dict.fromkeys(POINTS, "once "),
    )
    xcoms = postgres.sql("airflow", "SELECT count(*) FROM xcom")  # three of each task, none of the sensor
    assert xcoms == proof.expect(stock=[(3,)], fixed=[(3 * (len(POINTS) - 1),)])


def has_run(proof: Proof, name: str) -> bool:
    return (proof.home / f"code {name}").exists()
