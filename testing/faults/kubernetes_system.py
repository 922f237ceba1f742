"""An Airflow whose tasks run in pods, on the cluster that `dev/test-cluster` starts: its node is a local process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from testing.celery_cluster import AIRFLOW
from testing.entrypoint_process import CHECKOUT
from testing.faults.database import GatedDatabase, gated_database
from testing.faults.supervised_component import kill_family
from testing.faults.system import AirflowSystem, Gates, SystemKind
from testing.kubernetes_api import KubernetesNamespace, kubeconfig, kubernetes_namespace


class KubernetesSystem(AirflowSystem):
    """A running system without workers; `kubernetes` has its pods."""

    def __init__(
        self,
        home: Path,
        kind: SystemKind,
        airflow: Sequence[str],
        database: GatedDatabase,
        kubernetes: KubernetesNamespace,
    ) -> None:
        self.kubernetes = kubernetes
        super().__init__(home, kind, airflow, database, None)

    def environ(self, gates: Gates) -> dict[str, str]:
        """Return the environment of a component behind these gates."""
        executor = {"AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor"}
        return {**super().environ(gates), **executor, **self.kubernetes.environ}

    def start(self, dags: int) -> None:
        """Start all components; return when this many DAGs are serialized."""
        environ = self.environ(self.gates)
        environ["PATH"] = f"{Path(self.airflow[0]).parent}:{os.environ['PATH']}"
        template = pod_template(entrypoint_of(self.airflow), environ)
        Path(environ["AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE"]).write_text(json.dumps(template))
        super().start(dags)


def entrypoint_of(airflow: Sequence[str]) -> list[str]:
    """Return what the image of a pod has as its entrypoint: nothing in plain Airflow."""
    return [] if airflow[-2] == "-m" else [*airflow[:-1]]


def pod_template(entrypoint: Sequence[str], environ: dict[str, str]) -> dict[str, Any]:
    """Return a pod whose container's processes are of this machine, which has Airflow."""
    container = {
        "name": "base",
        "image": "airflow",
        "command": [*entrypoint],
        "workingDir": str(CHECKOUT),
        "env": [{"name": name, "value": text} for name, text in environ.items()],
    }
    spec = {"restartPolicy": "Never", "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "template"}, "spec": spec}


class ClusterProcess:
    """A process of the cluster, such as "kube-apiserver" or "kubelet": it can be killed, and started again."""

    def __init__(self, name: str) -> None:
        self._pid_file = kubeconfig().with_name(f"{name}.pid")
        self._process = psutil.Process(int(self._pid_file.read_text()))
        self._start = (self._process.cmdline(), self._process.cwd(), self._process.environ())

    def family(self) -> list[psutil.Process]:
        """Return it and its children, which are the containers of a kubelet."""
        return [self._process, *self._process.children(recursive=True)]

    def kill(self) -> None:
        """Kill it with its children, as when its machine is gone."""
        kill_family(self.family)
        self._process.wait(60)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Kill it, and start it again at the end of the block, also after an interrupt: others need the cluster."""
        try:
            self.kill()
            yield
        finally:
            self.start()

    def start(self) -> None:
        """Start it as it was started first."""
        words, folder, environ = self._start
        with open(self._pid_file.with_suffix(".log"), "ab") as log:
            started = subprocess.Popen(
                words,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid_file.write_text(str(started.pid))
        self._process = psutil.Process(started.pid)


@contextmanager
def kubernetes_system(
    home: Path, kind: SystemKind, airflow: Sequence[str] = AIRFLOW
) -> Iterator[KubernetesSystem]:
    """Run the servers of a system, with a migrated database; its components are yet to start."""
    with gated_database(kind.database) as database, kubernetes_namespace(home) as kubernetes:
        system = KubernetesSystem(home, kind, airflow, database, kubernetes)
        try:
            system.execute("db migrate")
            yield system
        finally:
            system.close()
