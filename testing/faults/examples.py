"""What became of some of the tasks and DAG runs with which something is wrong, as texts. Everything here is pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from testing.faults.airflow_states import OpenRun
from testing.faults.attempts import Attempt, TaskId
from testing.faults.judgement import Judgement

EXAMPLES = 5


def examples(
    judgement: Judgement,
    attempts: Iterable[Attempt],
    states: Mapping[TaskId, str | None],
    hung_runs: Sequence[OpenRun],
) -> Iterator[str]:
    """Yield up to five texts for each fate."""
    wrong = {
        "lost": judgement.lost,
        "hung": judgement.hung,
        "twice at once": judgement.overlaps,
        "misreported": judgement.misreported,
    }
    for fate, tasks in wrong.items():
        for task in tasks[:EXAMPLES]:
            seen = [f"{each.try_number}:{each.outcome}" for each in attempts if each.task == task]
            yield f"{task} {fate}: Airflow says {states.get(task)}, the ledger {' '.join(seen) or 'nothing'}"
    yield from (str(run) for run in hung_runs[:EXAMPLES])
