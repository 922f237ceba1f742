"""Starts a real triggerer for a trigger that blocks the event loop, and reports whether it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session

from testing.dag_run import create_run, dag_source, set_state
from testing.proof import SELECTION, STOCK, report
from testing.waiting import wait_until

PLUGIN = """
import pathlib, time
from airflow.triggers.base import BaseTrigger

class BlockingTrigger(BaseTrigger):
    def serialize(self):
        return "blocking_plugin.BlockingTrigger", {{}}

    async def run(self):
        pathlib.Path("{marker}").touch()
        time.sleep(600)
        yield
"""
IS_STOCK = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
LONG_ENOUGH = 60 if IS_STOCK else 300  # seconds; the fix waits for 20, on a busy machine longer
home = Path(os.environ["AIRFLOW_HOME"])
marker = home / "blocks"


def create_trigger() -> None:
    with create_session() as session:
        trigger = Trigger(classpath="blocking_plugin.BlockingTrigger", kwargs={})
        session.add(trigger)
        session.flush()
        trigger_id = trigger.id
    set_state("task", "deferred", trigger_id=trigger_id, next_method="execute_complete", try_number=1)


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


(home / "plugins").mkdir()
(home / "plugins" / "blocking_plugin.py").write_text(PLUGIN.format(marker=marker))
create_run("dag", dag_source("dag", ["task"]))
create_trigger()
triggerer = subprocess.Popen([sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"])
wait_until(marker.exists)
children = psutil.Process(triggerer.pid).children(recursive=True)
with suppress(subprocess.TimeoutExpired):
    triggerer.wait(LONG_ENOUGH)
with suppress(AssertionError):  # the children of a triggerer that has just ended need a moment to end
    wait_until(lambda: triggerer.poll() is None or not any(map(lives, children)), seconds=60)
living = [child for child in children if lives(child)]
ends = {None: "runs", 0: "ended"}
report(
    {
        "triggerer": ends.get(triggerer.poll(), "failed"),
        "its triggers": "run" if living else "ended",
    }
)
for process in [*living, triggerer]:
    with suppress(psutil.NoSuchProcess):
        process.kill()
