"""What a task of a real installation, stock or with the fixes, writes down about its own process."""

from __future__ import annotations

from testing.celery_cluster import run_cluster
from testing.proof import SELECTION, Proof
from testing.quick_tasks import QuickTasks, settings
from testing.servers import postgres, redis


def run_reporting_task(proof: Proof, executor: str, local_settings: str, dag: str) -> str:
    """Run the DAG `quick` once; return the text that its task has written to `report` in AIRFLOW_HOME.

    `local_settings` is the source of airflow_local_settings, which each process of Airflow's imports early.
    """
    (proof.home / "config").mkdir()
    (proof.home / "config" / "airflow_local_settings.py").write_text(local_settings)
    variables = settings(executor, AIRFLOW__ASTRO_RUNTIME__FIXES=SELECTION[proof.mode])
    with (
        postgres() as server,
        redis() as broker,
        run_cluster(proof.home, server.create("quick"), broker, **variables) as cluster,
    ):
        cluster.execute(*cluster.airflow, "db", "migrate")
        tasks = QuickTasks(cluster, server, "quick", dag)
        tasks.start(executor)
        tasks.run()
    return (proof.home / "report").read_text()
