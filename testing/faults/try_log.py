"""The log of a try whose process or trigger a fault took away: does it say so?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from testing.faults.attempts import DONE, AirflowTry, Attempt

# What Airflow, its supervisors and the Runtime write of the end of a process, of a pod, of heartbeats or of a trigger.
REASON = re.compile(
    r"(?i)\bSIG(KILL|TERM)\b|\bsignal\b|return code -\d|heartbeat|\bkilled\b|zombie|pod .* was deleted"
    r"|trigger failed|TaskDeferralError"
)


def is_explained(logs: Path, ended: AirflowTry) -> bool:
    """Whether the log of a try in Airflow's log folder says why it ended; the latest if the task ran several times."""
    task = ended.task
    index = "" if task.map_index < 0 else f"map_index={task.map_index}/"
    name = f"dag_id={task.dag_id}/run_id={task.run_id or '*'}/task_id={task.task_id}/{index}attempt={ended.number}.log"
    files = sorted(logs.glob(name), key=lambda path: path.stat().st_mtime)
    return bool(files) and bool(REASON.search(files[-1].read_text(errors="replace")))


def count_unexplained(logs: Path, struck: Iterable[AirflowTry], attempts: Iterable[Attempt]) -> int:
    """Return how many of the tries that were struck, and were not done nevertheless, have a log without a reason."""
    done = {(each.task, each.try_number) for each in attempts if each.outcome == DONE}
    return sum((each.task, each.number) not in done and not is_explained(logs, each) for each in struck)
