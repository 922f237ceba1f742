"""A queued task whose message is lost is sent to Celery again, as soon as that is certain.

Nobody looks whether the broker or a worker still has the message: after a restart of Redis, or of a scheduler or a
worker at the wrong moment, the task waits for [scheduler] task_queued_timeout, ten minutes. Here a child process
searches for the messages of tasks that have been queued for a minute (`message_search`). A task is sent again
only if its row in the database and the result backend still say that no worker has begun it. A message that turns up
later is refused, because the task runs or has ended by then: Airflow 3's API server starts only what is queued (409,
`ti_run`). Airflow 2 checks the state in the row that it locks (`check_and_change_state_before_execution`). Besides
queued it takes none, and up_for_retry and up_for_reschedule when the task is due, which lasts until the scheduler's
next loop: a message that comes just then may start the task twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.support.inquiry import Inquiry
from astro_runtime_plugin.fixes.support.overdue_tasks import (
    OverdueTasks,
    Reconcilers,
    step_after_sync,
)
from astro_runtime_plugin.fixes.support.queued_tasks import (
    MAX_TASKS,
    open_session,
    queued_tasks,
    queues_by_key,
)

ID = "lost-messages"
log = logging.getLogger("astro_runtime")
SEARCH = "astro_runtime_plugin.fixes.support.message_search"
# Seconds between two searches; the pause doubles while none finds a lost message, and further if none ever has: workers
# are just busy then. It must end well before Airflow's time-out of ten minutes, after which the search has no use.
FIRST_PAUSE, MAX_PAUSE, MAX_PAUSE_WITHOUT_LOSS = 15.0, 120.0, 300.0
SEARCH_SECONDS = 60.0  # after which a search is given up


class MessageReconciler:
    """Searches for the messages of one executor's tasks. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tasks = OverdueTasks(clock)  # since their messages were first seen as sent
        self._inquiry: Inquiry | None = None
        self._has_lost = False  # a message, ever
        self.searches = 0  # that have ended
        self._pause = FIRST_PAUSE
        self._next = clock() + FIRST_PAUSE

    def step(self, executor: Any) -> None:
        """Go on with the search, without waiting for anything but the database."""
        if self._inquiry:
            if self._inquiry.is_over:
                self._end_search(executor, self._inquiry.answer() or [])
        elif self._clock() >= self._next:
            self._next = self._clock() + FIRST_PAUSE
            self._tasks.update(executor, executor.workloads)
            self._start_search(executor)

    def _overdue(self, executor: Any) -> set[Any]:
        return {key for key in self._tasks.keys() if key in executor.workloads}  # noqa: SIM118 (no dictionary)

    def _start_search(self, executor: Any) -> None:
        keys = self._overdue(executor)
        if not keys or executor.job_id is None:
            return
        queues: dict[str, list[str]] = {}
        with open_session() as session:
            for key, queue in queues_by_key(session, executor, keys, self._tasks.seconds).items():
                queues.setdefault(queue, []).append(executor.workloads[key].task_id)
        if queues:
            from astro_runtime_plugin.parallelism.worker_inspector import broker_settings

            question = (broker_settings(executor.celery_app.conf), queues)
            self._inquiry = Inquiry(SEARCH, question, SEARCH_SECONDS)

    def _end_search(self, executor: Any, lost: Collection[str]) -> None:
        self._inquiry = None
        self.searches += 1
        keys = {key for key in self._overdue(executor) if executor.workloads[key].task_id in lost}
        self._has_lost = self._has_lost or bool(keys)
        longest = MAX_PAUSE if self._has_lost else MAX_PAUSE_WITHOUT_LOSS
        self._pause = FIRST_PAUSE if keys else min(self._pause * 2, longest)
        self._next = self._clock() + self._pause
        if keys:
            self._resend(executor, keys)

    def _resend(self, executor: Any, keys: Collection[Any]) -> None:
        from celery.states import PENDING

        states = executor.bulk_state_fetcher.get_many([executor.workloads[key] for key in keys])
        pending = {key for key in keys if states.get(executor.workloads[key].task_id, (None,))[0] == PENDING}
        with open_session() as session:
            tasks = [*islice(queued_tasks(session, executor, pending, self._tasks.seconds), MAX_TASKS)]
            for task in tasks:
                self._tasks.queue_again(executor, task)
                executor.workloads.pop(task.key, None)
        if tasks:
            log.warning(
                "astro-runtime: %d tasks are sent again: neither the broker nor a worker has their messages",
                len(tasks),
            )


_reconcilers: Reconcilers = WeakKeyDictionary()
reconcile = step_after_sync(ID, _reconcilers, MessageReconciler)
FIX = Fix(
    id=ID,
    title="A queued task whose message is lost is sent to Celery again after a minute",
    symptom="Tasks stay queued for ten minutes after Redis, a worker or a scheduler has lost their messages.",
    issue="",
    ends="CeleryExecutor notices a lost message before [scheduler] task_queued_timeout.",
    patches=(
        Patch(
            "airflow.providers.celery.executors.celery_executor",
            "CeleryExecutor.sync",
            ("6ccc345f7831f480",),
            reconcile,
        ),
    ),
)
