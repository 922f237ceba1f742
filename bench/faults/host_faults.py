"""Faults of the machines, and what operators do to a whole system: a clock, a disk, many starts, an upgrade."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator

from bench.faults.system_fault import ALL_SYSTEMS, CELERY, SystemFault
from testing.celery_cluster import AIRFLOW, BIN
from testing.entrypoint_process import CHECKOUT
from testing.faults.arrangement import JumpingClock, LogVolume, jumping_clock, log_volume
from testing.faults.other_build import copy_build
from testing.faults.system import AirflowSystem
from testing.faults.trial import FaultTrial
from testing.waiting import wait_until

JUMP_SECONDS, FULL_SECONDS, REPLICA_SECONDS = 600, 60, 60
START_SECONDS = 15  # until a component that has been replaced does its work
REPLICAS = [
    f"{kind}-{number}"
    for kind in ("scheduler", "dag-processor", "triggerer", "worker")
    for number in range(10, 15)
]
# As in docs/how-to/rolling-upgrades.md.
UPGRADE_ORDER = ("api-server", "scheduler", "triggerer", "worker", "dag-processor")


def jump(seconds: int) -> Callable[[FaultTrial], None]:
    """Set the clock of all components forward or back."""

    def inject(trial: FaultTrial) -> None:
        clock = trial.system.arrangement
        assert isinstance(clock, JumpingClock)
        clock.jump(seconds)

    return inject


def fill_logs(trial: FaultTrial) -> None:
    """Leave no space for logs for a while."""
    volume = trial.system.arrangement
    assert isinstance(volume, LogVolume)
    volume.fill()
    time.sleep(FULL_SECONDS)
    volume.free()


def add_replicas(trial: FaultTrial) -> None:
    """Start many components at once, and take them away again after a while."""
    trial.system.add(*REPLICAS)
    time.sleep(REPLICA_SECONDS)
    trial.system.wait_for_workers()
    trial.system.remove(*REPLICAS)


def upgrade(trial: FaultTrial) -> None:
    """Go to another build, component by component, in the documented order."""
    system = trial.system
    build = system.home / "build"
    environ = copy_build(build)
    system.execute("db migrate")
    for kind in UPGRADE_ORDER:
        for name, component in system.components.items():
            if name.startswith(kind):
                component.upgrade(environ, build)
                component.restart()
                time.sleep(START_SECONDS)
                system.wait_for_workers()
        wait_until(lambda: is_safe(system), system.describe, seconds=600, pause=2)


def is_safe(system: AirflowSystem) -> bool:
    """Whether nothing speaks against the next step: with the Runtime, `astro-runtime check --cluster` says so."""
    if tuple(system.airflow) != AIRFLOW:
        return True
    words = [str(BIN / "astro-runtime"), "check", "--cluster"]
    environ = system.environ(system.gates)
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, timeout=300)
    return done.returncode == 0


def host_faults() -> Iterator[SystemFault]:
    """Yield these faults."""
    minutes = JUMP_SECONDS // 60
    for name, seconds, text in (("forward", JUMP_SECONDS, "ahead"), ("back", -JUMP_SECONDS, "back")):
        title = f"the clock of all components jumps {minutes} minutes {text}"
        yield SystemFault(f"clock-{name}", title, jump(seconds), arrange=jumping_clock)
    text = f"the disk of all logs is full for {FULL_SECONDS} s"
    yield SystemFault("logs-full", text, fill_logs, arrange=log_volume)
    text = f"{len(REPLICAS)} replicas start at once, and stop after {REPLICA_SECONDS} s"
    yield SystemFault("replicas", text, add_replicas, CELERY)
    text = "a rolling upgrade to another build, in the documented order"
    yield SystemFault("upgrade", text, upgrade, ALL_SYSTEMS, spoils=True)
