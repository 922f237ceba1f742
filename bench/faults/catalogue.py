"""All faults and all systems of the matrix."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from bench.faults.component_faults import component_faults, task_faults
from bench.faults.content_faults import content_faults
from bench.faults.host_faults import host_faults
from bench.faults.kubernetes_faults import kubernetes_faults
from bench.faults.server_faults import failovers, server_faults
from bench.faults.system_fault import ALL_SYSTEMS, FAILOVER, KUBERNETES, MARIADB, SystemFault
from testing.faults.kubernetes_system import kubernetes_system
from testing.faults.system import AirflowSystem, SystemKind, airflow_system

# What runs a system: it takes `home`, and as `airflow` the words that run its airflow command.
SystemFactory = Callable[..., AbstractContextManager[AirflowSystem]]
SYSTEMS: dict[str, SystemFactory] = {
    "celery-redis": partial(airflow_system, kind=SystemKind("redis")),
    "celery-rabbitmq": partial(airflow_system, kind=SystemKind("rabbitmq")),
    "celery-failover": partial(airflow_system, kind=SystemKind("redis-sentinel", "postgresql-standby")),
    "celery-mariadb": partial(airflow_system, kind=SystemKind("redis", "mariadb")),
    "local": partial(airflow_system, kind=SystemKind("")),
    "kubernetes": partial(kubernetes_system, kind=SystemKind("", workers=2, slots=6)),
}
TITLES = {
    "celery-redis": "Celery with Redis and PostgreSQL",
    "celery-rabbitmq": "Celery with RabbitMQ and PostgreSQL",
    "celery-failover": "Celery with Redis and Sentinel, and PostgreSQL with a standby behind HAProxy and PgBouncer",
    "celery-mariadb": "Celery with Redis and MariaDB",
    "local": "LocalExecutor with PostgreSQL",
    "kubernetes": "KubernetesExecutor with PostgreSQL",
}
FAULTS: tuple[SystemFault, ...] = (
    SystemFault("none", "nothing", lambda trial: None, (*ALL_SYSTEMS, *FAILOVER, *MARIADB, *KUBERNETES)),
    *component_faults(),
    *task_faults(),
    *server_faults(),
    *failovers(),
    *content_faults(),
    *host_faults(),
    *kubernetes_faults(),
)
FAULTS_BY_NAME = {fault.name: fault for fault in FAULTS}
# With another broker than the first system's, only what has to do with it.
PARTIAL = {"celery-rabbitmq": ("broker", "none")}


def faults_of(system: str, line: str) -> list[SystemFault]:
    """Return the faults that a system is put to on a line."""
    prefixes = PARTIAL.get(system, "")
    return [
        fault
        for fault in FAULTS
        if line in fault.lines and system in fault.systems and fault.name.startswith(prefixes)
    ]
