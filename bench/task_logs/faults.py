"""Which lines of a task's log are lost and doubled when something fails, as a reader on another machine sees it."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from astro_runtime_plugin.task_logs.reading import reader
from bench.task_logs.lines import Loss, compare
from bench.task_logs.running_task import RunningTask, running_task, sweep
from bench.task_logs.workplace import OURS, Workplace
from testing.installed_line import LINE
from testing.s3_server import S3Server
from testing.waiting import wait_until

AWAY_SECONDS = 60
SUPERVISOR = {"3.3": "its supervisor", "2.11": "its LocalTaskJob"}[LINE]
Strike = Callable[[RunningTask, S3Server], bytes]


def kill_task(task: RunningTask, _: S3Server) -> bytes:
    """Kill the task; its supervisor goes on."""
    written = task.written()
    task.process.kill()
    task.wait()
    return written


def kill_supervisor(task: RunningTask, _: S3Server) -> bytes:
    """Kill the supervisor; the task may go on."""
    task.supervisor.kill()
    task.finish()
    return task.written()


def kill_machine(task: RunningTask, _: S3Server) -> bytes:
    """Kill all processes."""
    task.kill_all()
    return task.written()


def remove_machine(task: RunningTask, server: S3Server) -> bytes:
    """Kill all processes, and remove the disk."""
    written = kill_machine(task, server)
    shutil.rmtree(task.machine.logs)
    return written


def stop_store(task: RunningTask, server: S3Server) -> bytes:
    """Stop the store while the task runs; it comes back after the task has ended."""
    server.stop()
    stopped = time.monotonic()
    wait_until(lambda: time.monotonic() - stopped > AWAY_SECONDS)
    written = task.written()
    try:
        task.finish()
    finally:
        server.start()
    return written


class Fault(NamedTuple):
    """Something that fails: what to call it, and the function that does it and returns what had been written."""

    name: str
    strike: Strike


FAULTS = (
    Fault("the task is killed", kill_task),
    Fault(f"{SUPERVISOR} is killed", kill_supervisor),
    Fault("everything on the machine is killed; a component starts again", kill_machine),
    Fault("everything is killed, and the disk removed", remove_machine),
    Fault(f"the store is away for {AWAY_SECONDS} s, in which the task ends", stop_store),
)


def losses(workplaces: dict[str, Workplace], server: S3Server) -> Iterator[tuple[str, dict[str, Loss]]]:
    """Yield each fault with what it costs in each mode."""
    for number, fault in enumerate(FAULTS):
        yield (
            fault.name,
            {mode: loss(place, fault, f"fault-{number}", server) for mode, place in workplaces.items()},
        )


def loss(workplace: Workplace, fault: Fault, name: str, server: S3Server) -> Loss:
    """Return what a fault costs."""
    url = workplace.url(name)
    with running_task(workplace, url) as task:
        time.sleep(random.uniform(0, 1))  # chunks leave once a second
        written = fault.strike(task, server)
        if workplace.mode == OURS and task.machine.logs.exists():
            if not task.machine.shippers():
                sweep(workplace, url)
            task.machine.wait_shipped()
        store = server.store(url)
        return compare(written, b"".join(data for _, data in reader.read(store, task.path)))
