"""Runs tasks whose API server goes away and comes back; reports which states it took from them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from testing.execution_api import NOT_RUNNING, ExecutionApi
from testing.proof import report
from testing.task_in_outage import IMPATIENCE, TaskInOutage, write_dag

HOME = Path(os.environ["AIRFLOW_HOME"])
RETRIES = int(IMPATIENCE["AIRFLOW__WORKERS__EXECUTION_API_RETRIES"])
# What the execution API of Airflow 3.3 answers while its database is away, and for an error of its own.
DATABASE_AWAY = 500, {"detail": {"reason": "Database error", "statement": "hidden", "orig_error": "hidden"}}
FAULT = 500, {"message": "Internal server error"}
VARIABLES = {
    "stays away": {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "6"},
    "lost answers": {  # Airflow's default: so the second repetition comes after a heartbeat is due
        "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN": "1",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "1",
    },
}


class Task(TaskInOutage):
    """A task under a supervisor with a stand-in for the API server."""

    def __init__(self, name: str) -> None:
        self.api = ExecutionApi()
        super().__init__(HOME / name, self.api, **VARIABLES.get(name, {}))

    def begin(self) -> int:
        """Run the task until its first heartbeat, and return its process id."""
        self.api.start()
        self.run()
        process_id = self.wait_for_task()
        self.wait_for_heartbeat()
        return process_id

    def wait_for_heartbeat(self) -> None:
        """Wait for the next heartbeat."""
        heartbeats = self.api.count("heartbeat")
        self.wait_for(lambda: self.api.count("heartbeat") > heartbeats)

    def kills(self) -> list[str]:
        """Return whether the supervisor has killed the task because the server refused a heartbeat."""
        return ["killed"] if "shouldn't be running anymore" in self.log() else []

    def outcome(self) -> list[str]:
        """Wait for the supervisor's end, and return the states that the server took."""
        self.wait()
        self.api.stop()
        return self.api.states


def observe_running(task: Task) -> list[str]:
    """The server goes away and comes back while the task runs."""
    task.begin()
    task.miss_server()
    task.wait_for_heartbeat()
    task.end_task()
    return task.outcome()


def observe_start(task: Task) -> list[str]:
    """The server is away when the task starts."""
    task.end_task()
    task.run()
    task.wait_for(lambda: re.search("2nd time|server is away", task.log()))
    task.miss_server()
    return task.outcome()


def observe_end(end: str) -> Callable[[Task], list[str]]:
    """The server is away when the task ends."""

    def observe(task: Task) -> list[str]:
        task.begin()
        task.api.stop()
        task.end_task(end)
        task.miss_server()
        return task.outcome()

    return observe


def observe_conflict(task: Task) -> list[str]:
    """The server comes back and says that the task is no longer this supervisor's; else the task would not end."""
    task.begin()
    start = task.api.start

    def start_with_refusal() -> None:
        """Refuse from now on: before the outage, a heartbeat might still be without its answer."""
        task.api.answers["heartbeat"] = NOT_RUNNING
        start()

    task.api.start = start_with_refusal  # type: ignore[method-assign]
    task.miss_server()
    return [*task.outcome(), *task.kills()]


def observe_loss_of_answers(task: Task) -> list[str]:
    """The server takes the task's state, but its answers get lost."""
    task.api.losses["state"] = 2
    task.begin()
    task.end_task()
    return [*task.outcome(), *task.kills()]


def observe_end_of_server(task: Task) -> list[str]:
    """The server stays away."""
    process_id = task.begin()
    task.api.stop()
    return [*task.outcome(), *(["runs"] if Path(f"/proc/{process_id}").exists() else [])]


def observe_fault(task: Task) -> list[str]:
    """The server takes heartbeats, but never this request."""
    task.api.answers["variable"] = 500, {"detail": "fault"}
    task.begin()
    task.end_task("variable")
    return task.outcome()


def observe_start_without_database(task: Task) -> list[str]:
    """The server's database is away when the task starts."""
    start = task.api.answers["run"]
    task.api.answers["run"] = DATABASE_AWAY
    task.api.start()
    task.end_task()
    task.run()
    task.wait_for(lambda: task.api.count("run") > RETRIES)
    task.api.answers["run"] = start
    return task.outcome()


def observe_faulty_start(task: Task) -> list[str]:
    """The server never takes this task's start, and its supervisor gives up."""
    task.api.answers["run"] = FAULT
    task.api.start()
    task.run()
    return [*task.outcome(), f"{task.api.count('run')} attempts"]


CASES: dict[str, Callable[[Task], list[str]]] = {
    "running": observe_running,
    "start": observe_start,
    "success": observe_end(""),
    "failed": observe_end("failed"),
    "deferred": observe_end("deferred"),
    "variable": observe_end("variable"),
    "conflict": observe_conflict,
    "stays away": observe_end_of_server,
    "lost answers": observe_loss_of_answers,
    "fault": observe_fault,
    "start without database": observe_start_without_database,
    "faulty start": observe_faulty_start,
}

write_dag()
tasks = {name: Task(name) for name in CASES}
with ThreadPoolExecutor(len(CASES)) as pool:
    outcomes = pool.map(lambda name: CASES[name](tasks[name]), CASES)
    report(dict(zip(CASES, outcomes, strict=True)))
