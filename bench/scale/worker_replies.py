"""What a Celery worker of Airflow's replies: the fields and sizes of a real one's."""

from __future__ import annotations

from typing import Any

POOL, TASKS = 16, 4  # of each worker: processes, and tasks that run
SCHEDULERS = 2  # that have a row each
COMMANDS = ("stats", "registered", "active_queues", "active")
STATS = {
    "total": {"execute_workload": 12345},
    "pid": 7,
    "clock": "123456",
    "uptime": 86400,
    "pool": {
        "implementation": "celery.concurrency.prefork:TaskPool",
        "max-concurrency": POOL,
        "processes": [*range(20, 20 + POOL)],
        "max-tasks-per-child": "N/A",
        "put-guarded-by-semaphore": False,
        "timeouts": [0, 0],
        "writes": {"total": 12345, "avg": "0.06", "all": ", ".join(["0.06"] * POOL), "strategy": "fair"},
    },
    "broker": {"hostname": "broker", "userid": None, "virtual_host": "0", "port": 6379, "transport": "redis"},
    "prefetch_count": POOL,
    "rusage": {f"field{number}": 123456.789 for number in range(16)},
    "astro_runtime": {"image_tag": "orders:7", "release": "3.3-1"},
}
QUEUE = {
    "name": "default",
    "exchange": {"name": "default", "type": "direct", "arguments": None, "durable": True},
    "routing_key": "default",
    "durable": True,
    "exclusive": False,
    "auto_delete": False,
    "bindings": [],
    "alias": None,
}
ARGUMENTS = "x" * 1024  # Celery cuts them at this length


def worker_name(number: int) -> str:
    """Return a worker's node name, as long as that of a pod."""
    return f"celery@airflow-worker-{number:04}.airflow-worker"


def task_ids(number: int) -> list[str]:
    """Return the ids of the tasks that a worker runs."""
    return [f"{number:08}-0000-4000-8000-{task:012}" for task in range(TASKS)]


def reply(command: str, number: int) -> Any:
    """Return a worker's reply to a question."""
    if command == "active":
        return [running_task(number, task) for task in task_ids(number)]
    return {"stats": STATS, "registered": ["execute_workload"], "active_queues": [QUEUE]}[command]


def running_task(number: int, identifier: str) -> dict[str, Any]:
    """Return a task in the reply to `inspect active`."""
    return {
        "id": identifier,
        "name": "execute_workload",
        "args": ARGUMENTS,
        "kwargs": "{}",
        "type": "execute_workload",
        "hostname": worker_name(number),
        "time_start": 1e9,
        "acknowledged": True,
        "delivery_info": {"exchange": "", "routing_key": "default", "priority": 0, "redelivered": False},
        "worker_pid": 20,
    }
