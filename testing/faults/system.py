"""A whole Airflow of several components, each restarted when it ends, behind gates that a fault can shut."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from testing.airflow_command import AIRFLOW_COMMANDS
from testing.celery_cluster import AIRFLOW, celery_environment
from testing.entrypoint_process import CHECKOUT
from testing.faults.arrangement import Arrangement
from testing.faults.broker import RunningBroker, running_broker
from testing.faults.database import GatedDatabase, gated_database
from testing.faults.supervised_component import SupervisedComponent
from testing.faults.tcp_gate import TcpGate, tcp_gate
from testing.installed_line import LINE
from testing.servers import free_port, log_server_ports
from testing.waiting import wait_until

NEAR = 10_000  # how much of a component's log a failure prints
SETTINGS = {
    "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",  # of 2.11; 3.3 has no other
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "1000",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__API__HOST": "127.0.0.1",
    "PYTHONPATH": str(CHECKOUT),  # for the load's DAG file
}
SERIALIZED = "SELECT count(DISTINCT dag_id) FROM serialized_dag"


class SystemKind(NamedTuple):
    """What a system consists of; `broker` is empty for LocalExecutor, which has no workers."""

    broker: str = "redis"
    database: str = "postgresql"
    schedulers: int = 2
    workers: int = 4
    slots: int = 8

    @property
    def all_slots(self) -> int:
        """Return how many tasks run at once; without a broker, each scheduler has as many slots as all workers."""
        return self.workers * self.slots * (1 if self.broker else self.schedulers)


class Gates(NamedTuple):
    """The gates between a component and the servers; `broker` and `api` may be those of no server."""

    database: TcpGate
    broker: TcpGate
    api: TcpGate


class AirflowSystem:
    """A running system. `gates` are those of all components but the worker `worker-0`, which has `lone_gates`.

    No fault shuts the gate between commands, which bring the load, and the database.
    """

    def __init__(
        self,
        home: Path,
        kind: SystemKind,
        airflow: Sequence[str],
        database: GatedDatabase,
        broker: RunningBroker | None,
    ) -> None:
        self.home, self.kind, self.airflow = home, kind, airflow
        self.database, self.broker = database, broker
        self.arrangement = Arrangement()
        self.components: dict[str, SupervisedComponent] = {}
        self._stack = ExitStack()
        self._api_port = free_port()
        self.gates = Gates(database.gate, *self._more_gates())
        self._command_gate = self._stack.enter_context(tcp_gate(database.port))
        self.lone_gates = Gates(self._stack.enter_context(tcp_gate(database.port)), *self._more_gates())

    @property
    def dags(self) -> Path:
        """Return the DAG folder."""
        return self.home / "dags"

    def environ(self, gates: Gates) -> dict[str, str]:
        """Return the environment of a component behind these gates."""
        database = self.database.url_at(gates.database.port)
        broker = self.broker.url_at(gates.broker.port) if self.broker else ""
        own = {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor" if self.broker else "LocalExecutor",
            "AIRFLOW__API__PORT": str(self._api_port),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{gates.api.port}/execution/",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(self.kind.slots),
            # For each scheduler: with Celery and two of them, as many tasks wait in the broker as run.
            "AIRFLOW__CORE__PARALLELISM": str(self.kind.workers * self.kind.slots),
        }
        extra = dict(SETTINGS) | own
        for part in (self.database, self.broker, self.arrangement):
            extra |= part.environ if part else {}
        extra |= log_server_ports()
        return celery_environment(self.home, database, broker, **extra)

    def execute(self, *commands: str) -> None:
        """Run Airflow's commands in one process to their end."""
        words = [self.airflow[0], *AIRFLOW_COMMANDS[1:], *commands]
        environ = self.environ(self.gates._replace(database=self._command_gate))
        done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, dags: int) -> None:
        """Start all components; return when this many DAGs are serialized and the workers are ready."""
        self.add(*(f"scheduler-{number}" for number in range(self.kind.schedulers)))
        self.add("dag-processor", "triggerer", *(() if LINE == "2.11" else ("api-server",)))
        self.add(*(f"worker-{number}" for number in range(self.kind.workers if self.broker else 0)))
        wait_until(lambda: self.database.sql(SERIALIZED) == [(dags,)], self.describe, seconds=600)
        self.wait_for_workers()

    def add(self, *names: str) -> None:
        """Start components; the name is that of the component, with a number if there are several."""
        for name in names:
            kind, _, number = name.rpartition("-")
            words = [kind if number.isdigit() else name]
            if kind == "worker":
                pid = str(self.home / f"{name}.pid")
                words = ["celery", "worker", "--skip-serve-logs", "-H", f"{name}@%h", "--pid", pid]
            self._run(name, self.lone_gates if name == "worker-0" else self.gates, *words)

    def remove(self, *names: str) -> None:
        """End components as a scale-in does: SIGTERM, and SIGKILL after the grace period."""
        removed = [self.components.pop(name) for name in names]
        with ThreadPoolExecutor(len(removed)) as threads:
            list(threads.map(SupervisedComponent.end, removed))

    def wait_for_workers(self) -> None:
        """Wait until each worker is ready after its last start."""
        workers = [component for name, component in self.components.items() if name.startswith("worker")]
        wait_until(
            lambda: all(" ready." in worker.latest_log for worker in workers),
            self.describe,
            seconds=600,
        )

    @contextmanager
    def away(self, server: str) -> Iterator[None]:
        """Let "database", "broker" or "api" refuse connections until the end of the block; it cuts open ones first."""
        with ExitStack() as closed:
            for gates in (self.gates, self.lone_gates):
                closed.enter_context(getattr(gates, server).closed())
            yield

    def describe(self) -> str:
        """Return the end of each component's log."""
        return "\n".join(f"--- {name}\n{each.log[-NEAR:]}" for name, each in self.components.items())

    def close(self) -> None:
        """End everything."""
        for component in self.components.values():
            component.close()
        self._stack.close()

    def _run(self, name: str, gates: Gates, *words: str) -> None:
        command = [*self.airflow, *words]
        self.components[name] = SupervisedComponent(self.home, name, command, self.environ(gates))

    def _more_gates(self) -> tuple[TcpGate, TcpGate]:
        return (
            self._stack.enter_context(tcp_gate(self.broker.port if self.broker else 0)),
            self._stack.enter_context(tcp_gate(self._api_port)),
        )


@contextmanager
def airflow_system(
    home: Path,
    kind: SystemKind,
    airflow: Sequence[str] = AIRFLOW,
    database: GatedDatabase | None = None,
) -> Iterator[AirflowSystem]:
    """Run the servers of a system; its components are yet to start. A `database` that is given is migrated."""
    with ExitStack() as stack:
        broker = stack.enter_context(running_broker(kind.broker)) if kind.broker else None
        used = database or stack.enter_context(gated_database(kind.database))
        system = AirflowSystem(home, kind, airflow, used, broker)
        stack.callback(system.close)
        if database is None:
            system.execute("db migrate")
        yield system
