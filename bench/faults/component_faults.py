"""Faults of Airflow's own components, and of the processes of one task."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import psutil  # type: ignore[import-untyped]

from bench.faults.system_fault import ALL_SYSTEMS, BOTH_LINES, CELERY, RESUME_SECONDS, SystemFault
from bench.faults.victim import check_hit, check_not_over, choose_victim
from testing.faults.trial import FaultTrial

FREEZE_SECONDS = 60.0
# Each component with the systems and lines that have it; of several, one.
COMPONENTS = (
    ("scheduler-0", "one of two schedulers", ALL_SYSTEMS, BOTH_LINES),
    ("dag-processor", "the DAG processor", ALL_SYSTEMS, BOTH_LINES),
    ("triggerer", "the triggerer", ALL_SYSTEMS, BOTH_LINES),
    ("api-server", "the API server", ALL_SYSTEMS, ("3.3",)),
    ("worker-1", "one of four workers", CELERY, BOTH_LINES),
)


def kill(name: str) -> Callable[[FaultTrial], None]:
    """Kill a component with all of its processes."""

    def inject(trial: FaultTrial) -> None:
        trial.kill(trial.system.components[name])

    return inject


def terminate(name: str) -> Callable[[FaultTrial], None]:
    """Send SIGTERM to a component, and SIGKILL after its grace period. What it runs must end well."""

    def inject(trial: FaultTrial) -> None:
        trial.system.components[name].terminate()

    return inject


def freeze(name: str) -> Callable[[FaultTrial], None]:
    """Stop all processes of a component for a while."""

    def inject(trial: FaultTrial) -> None:
        trial.system.components[name].freeze(FREEZE_SECONDS)

    return inject


def kill_all_schedulers(trial: FaultTrial) -> None:
    """Kill both schedulers, one right after the other."""
    for name, component in trial.system.components.items():
        if name.startswith("scheduler"):
            trial.kill(component)


def restart_all(trial: FaultTrial) -> None:
    """Restart each component in turn."""
    for component in trial.system.components.values():
        component.restart()
        trial.system.wait_for_workers()


def kill_task(trial: FaultTrial) -> None:
    """Kill the process that runs a task's code."""
    check_hit(trial.signal_alone(psutil.Process(choose_victim(trial).pid)))


def kill_supervisor(trial: FaultTrial) -> None:
    """Kill the process that watches over a task, which may outlive it."""
    check_hit(trial.signal_alone(psutil.Process(choose_victim(trial).pid).parent()))


def terminate_supervisor(trial: FaultTrial) -> None:
    """Send SIGTERM to the process that watches over a task, which may end the task."""
    check_hit(trial.signal_alone(psutil.Process(choose_victim(trial).pid).parent(), signal.SIGTERM))


def freeze_supervisor(trial: FaultTrial) -> None:
    """Stop the process that watches over a task for a while."""
    victim = choose_victim(trial)
    supervisor = psutil.Process(victim.pid).parent()
    supervisor.suspend()
    try:
        check_not_over(trial, victim)
        psutil.wait_procs([supervisor], FREEZE_SECONDS)
    finally:
        supervisor.resume()


def component_faults() -> Iterator[SystemFault]:
    """Yield the faults of components."""
    for name, title, systems, lines in COMPONENTS:
        short = name.removesuffix("-0").removesuffix("-1")
        is_scheduler = short == "scheduler"
        limit = RESUME_SECONDS if is_scheduler else None
        ways = {
            "kill": (f"{title}: SIGKILL", kill(name)),
            "terminate": (f"{title}: SIGTERM", terminate(name)),
            "freeze": (f"{title}: SIGSTOP for {FREEZE_SECONDS:g} s", freeze(name)),
        }
        for way, (text, inject) in ways.items():
            yield SystemFault(
                f"{short}-{way}", text, inject, systems, lines, limit, beyond_queue=is_scheduler
            )
    text = "both schedulers: SIGKILL"
    yield SystemFault("schedulers-kill", text, kill_all_schedulers, limit=RESUME_SECONDS, beyond_queue=True)
    yield SystemFault("rolling-restart", "each component in turn: SIGTERM, and a new start", restart_all)


def task_faults() -> Iterator[SystemFault]:
    """Yield the faults of one task's processes."""
    yield SystemFault("task-kill", "a task's process: SIGKILL", kill_task)
    yield SystemFault("supervisor-kill", "a task's supervisor: SIGKILL", kill_supervisor)
    yield SystemFault("supervisor-terminate", "a task's supervisor: SIGTERM", terminate_supervisor)
    text = f"a task's supervisor: SIGSTOP for {FREEZE_SECONDS:g} s"
    yield SystemFault("supervisor-freeze", text, freeze_supervisor)
