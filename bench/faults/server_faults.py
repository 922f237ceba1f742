"""Faults of the servers that Airflow needs, and of the network to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench.faults.system_fault import (
    ALL_SYSTEMS,
    CELERY,
    DATABASE_RESUME_SECONDS,
    FAILOVER,
    MARIADB,
    MISS_SECONDS,
    RESUME_SECONDS,
    SystemFault,
)
from testing.faults.gate_process import SILENT
from testing.faults.system import Gates
from testing.faults.trial import FaultTrial

NOTICE_SECONDS = 30  # Patroni's default `ttl`
DATABASE_SECONDS, BROKER_SECONDS, API_SECONDS, SILENT_SECONDS = (10, 40, 120), (20, 120), (75, 600), 60


def away(server: str, seconds: float) -> Callable[[FaultTrial], None]:
    """Let "database", "broker" or "api" refuse connections for a while, after it has cut those that were open."""

    def inject(trial: FaultTrial) -> None:
        with trial.system.away(server):
            time.sleep(seconds)

    return inject


def lose_network(trial: FaultTrial) -> None:
    """Let nothing through between one worker and all servers, without an end of its connections."""
    gates: Gates = trial.system.lone_gates
    with ExitStack() as closed:
        for gate in gates:
            closed.enter_context(gate.closed(SILENT))
        time.sleep(SILENT_SECONDS)


def fail_over_database(trial: FaultTrial) -> None:
    """Kill the database's primary; its standby takes over when that has been noticed."""
    database = trial.system.database
    database.lose_primary()
    time.sleep(NOTICE_SECONDS)
    database.fail_over()


def fail_over_broker(trial: FaultTrial) -> None:
    """Kill the broker's master, and wait until the Sentinels have promoted its replica."""
    assert trial.system.broker
    trial.system.broker.fail_over()


def flush_broker(trial: FaultTrial) -> None:
    """Delete all messages of the broker's."""
    assert trial.system.broker
    trial.system.broker.flush()


def server_faults() -> Iterator[SystemFault]:
    """Yield the faults of servers."""
    for seconds in DATABASE_SECONDS:
        text, inject = f"the database away for {seconds} s", away("database", seconds)
        systems = (*ALL_SYSTEMS, *MARIADB)
        yield SystemFault(f"database-away-{seconds}", text, inject, systems, limit=DATABASE_RESUME_SECONDS)
    for seconds in BROKER_SECONDS:
        text, inject = f"the broker away for {seconds} s", away("broker", seconds)
        yield SystemFault(f"broker-away-{seconds}", text, inject, CELERY, limit=RESUME_SECONDS)
    limit = MISS_SECONDS + RESUME_SECONDS
    yield SystemFault("broker-flush", "the broker loses all messages", flush_broker, CELERY, limit=limit)
    for seconds in API_SECONDS:
        text = f"the API server away for {seconds} s"
        yield SystemFault(f"api-away-{seconds}", text, away("api", seconds), ALL_SYSTEMS, ("3.3",))
    text = f"one of four workers reaches no server for {SILENT_SECONDS} s"
    yield SystemFault("worker-unreachable", text, lose_network, CELERY)


def failovers() -> Iterator[SystemFault]:
    """Yield the faults of servers that have a standby. Each uses it up."""
    text = f"PostgreSQL's primary: SIGKILL; its synchronous standby is promoted after {NOTICE_SECONDS} s"
    yield SystemFault(
        "failover-database",
        text,
        fail_over_database,
        FAILOVER,
        limit=DATABASE_RESUME_SECONDS,
        spoils=True,
    )
    text = "Redis's master: SIGKILL; the Sentinels promote its replica"
    yield SystemFault("failover-broker", text, fail_over_broker, FAILOVER, limit=RESUME_SECONDS, spoils=True)
