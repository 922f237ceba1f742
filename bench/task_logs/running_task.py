"""A task that writes numbered lines under its real supervisor: LocalTaskJob on Airflow 2.11."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.task_logs.lines import NUMBER
from bench.task_logs.workplace import AIRFLOW, DAG, PATH, Workplace
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.supervised_task import LOG, supervised_task
from testing.task_logs import Machine
from testing.waiting import wait_until

RUN = ("tasks", "run", "--local", "--force", "--ignore-all-dependencies", "dag", "task", "run")
MIN_LINES = 200
# What a component does when it starts, with logs that ended processes have left behind.
SWEEP = """
from airflow.configuration import conf
from astro_runtime_plugin.task_logs.shipping.writer import from_conf
from_conf(conf).sweep()
"""


@dataclass
class RunningTask:
    """A task with its supervisor; `path` is that of its log, `folder` for its files."""

    supervisor: psutil.Process
    process: psutil.Process
    machine: Machine
    path: str
    folder: Path

    def written(self) -> bytes:
        """Return what the log has on this machine."""
        with suppress(FileNotFoundError):
            return (self.machine.logs / self.path).read_bytes()
        return b""

    def finish(self) -> None:
        """Let the task end, and wait until it and its supervisor have."""
        (self.folder / "go").touch()
        self.wait()

    def wait(self) -> None:
        """Wait for the end of the task and its supervisor."""
        both = (self.process, self.supervisor)
        wait_until(lambda: not any(map(_runs, both)), seconds=180, pause=0.05)

    def kill_all(self) -> None:
        """Kill everything on the machine."""
        for process in (self.supervisor, self.process):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.machine.kill_shippers()
        self.wait()


@contextmanager
def running_task(workplace: Workplace, url: str) -> Iterator[RunningTask]:
    """Run the task until the end of the block; it has written MIN_LINES when that begins."""
    workplace.reset("queued")
    folder = workplace.home / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    run = _supervised if LINE == "3.3" else _local
    with run(workplace, url, folder) as task:
        try:
            wait_until(lambda: len(NUMBER.findall(task.written())) >= MIN_LINES, pause=0.02)
            yield task
        finally:
            task.machine.kill_shippers()


def sweep(workplace: Workplace, url: str) -> None:
    """Do with the logs on the machine what the next component's start does."""
    subprocess.run([sys.executable, "-c", SWEEP], env=workplace.environ(url), cwd=CHECKOUT, check=True)


@contextmanager
def _supervised(workplace: Workplace, url: str, folder: Path) -> Iterator[RunningTask]:
    variables = workplace.variables(url)
    with supervised_task(workplace.proof, DAG, variables=variables) as task:
        wait_until(lambda: task.api.pid, task.describe, failed=task.has_ended, pause=0.02)
        processes = psutil.Process(task.supervisor.pid), psutil.Process(task.api.pid)
        yield RunningTask(*processes, workplace.machine(url), LOG, folder)


@contextmanager
def _local(workplace: Workplace, url: str, folder: Path) -> Iterator[RunningTask]:
    environ = workplace.environ(url, FOLDER=str(folder))
    with open(workplace.home / "job.out", "wb") as output:
        job = subprocess.Popen([*AIRFLOW, *RUN], env=environ, cwd=CHECKOUT, stdout=output, stderr=output)
    machine = workplace.machine(url)
    try:
        process = psutil.Process(job.pid)
        wait_until(
            lambda: NUMBER.search(
                (machine.logs / PATH).read_bytes() if (machine.logs / PATH).exists() else b""
            ),
            (workplace.home / "job.out").read_text,
            failed=lambda: job.poll() is not None,
            pause=0.02,
        )
        shippers = {shipper.pid for shipper in machine.shippers()}
        (child,) = [child for child in process.children() if child.pid not in shippers]
        yield RunningTask(process, child, machine, PATH, folder)
        child_runs = _runs(child)
        if child_runs:
            child.kill()
    finally:
        job.kill()
        job.wait()


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
