"""An installation whose only DAG, `quick`, runs from its first task to its last now and then."""

from __future__ import annotations

import subprocess

from testing.celery_cluster import Cluster, Component
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.servers import Postgres, free_port
from testing.waiting import wait_until

COMPONENTS = {"3.3": ("api-server", "dag-processor"), "2.11": ()}[LINE]
SLOTS = 4
RUNS = "SELECT count(*), count(*) FILTER (WHERE state = 'failed') FROM dag_run WHERE end_date IS NOT NULL"


class QuickTasks:
    """A cluster of which the components run after `start`; `components` are all of them."""

    def __init__(self, cluster: Cluster, server: Postgres, database: str, dag: str) -> None:
        self.components: list[Component] = []
        self._cluster = cluster
        self._server = server
        self._database = database
        self._runs = 0
        (cluster.home / "dags").mkdir()
        (cluster.home / "dags" / "quick.py").write_text(dag)

    def start(self, executor: str) -> None:
        """Start the components, and wait until the DAG can be triggered."""
        self.components += [self._cluster.run(component, component) for component in COMPONENTS]
        self.components.append(self._cluster.scheduler())
        if executor == "CeleryExecutor":
            self.components.append(self._cluster.worker("worker", "-c", str(SLOTS)))
        wait_until(
            lambda: self._server.sql(self._database, "SELECT 1 FROM serialized_dag") != [], seconds=120
        )

    def run(self) -> None:
        """Run the DAG to its end. Raises AssertionError if a task fails."""
        self._runs += 1
        trigger = [*self._cluster.airflow, "dags", "trigger", "quick"]
        subprocess.run(trigger, env=self._cluster.environ, cwd=CHECKOUT, capture_output=True, check=True)
        wait_until(lambda: self._ended()[0] == self._runs, lambda: str(self._ended()), seconds=600)
        assert self._ended()[1] == 0, "a task failed"

    def _ended(self) -> tuple[int, int]:
        """Return how many of the runs have ended, and how many of those have failed."""
        ended, failed = self._server.sql(self._database, RUNS)[0]
        return int(ended), int(failed)


def settings(executor: str, **variables: str) -> dict[str, str]:
    """Return the variables of an installation; the DAG is parsed once."""
    port = free_port()
    return {
        "AIRFLOW__CORE__EXECUTOR": executor,
        "AIRFLOW__CORE__PARALLELISM": str(SLOTS),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3600",  # on 2.11
        **variables,
    }
