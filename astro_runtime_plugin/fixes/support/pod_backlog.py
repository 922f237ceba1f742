"""The results of pods that wait for the Kubernetes API server, which must delete or mark each pod.

A server that is away fails for every pod: after two failures in a row the others are not tried for a moment. A pod, or
a namespace, of which nothing can be deleted, as when an admission webhook fails, must not hold up the others: a failure
that the server answers with counts for its namespace only, failed results are tried again after the others, and after
MAX_SECONDS the task is finished without deleting its pod.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from astro_runtime_plugin.fixes.support.outage import MAX_SECONDS, Outage, is_outage

log = logging.getLogger("astro_runtime")
OUTAGE = "finished pods are processed later: the Kubernetes API server does not answer"
FAILURE = "a finished pod is tried again: the Kubernetes API server could not delete or mark it"
IN_A_ROW = 2  # failures that mean an outage
EVERYWHERE = ""  # the place of a server that cannot be reached; other places are namespaces
Change = Callable[[Any], None]


class Backlog:
    """The results of one executor's pods. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._outages: defaultdict[str, Outage] = defaultdict(lambda: Outage(OUTAGE, clock))  # by place
        self._in_a_row: Counter[str] = Counter()
        self._retries = Outage(FAILURE, clock)
        self._untried: list[Any] = []
        # By pod: the result, and when it failed first.
        self._failed: dict[tuple[str, str], tuple[Any, float]] = {}

    def process(self, result: Any, change: Change) -> None:
        """Process a result, or keep it. Raises the errors of `change` that mean no outage."""
        if self._pauses(EVERYWHERE, result.namespace):
            self._untried.append(result)
            return
        try:
            change(result)
        except Exception as error:
            if not is_outage(error):
                raise
            self._keep(result, error)
        else:
            for place in (EVERYWHERE, result.namespace):
                self._in_a_row.pop(place, None)
                if outage := self._outages.pop(place, None):
                    outage.end()

    def _pauses(self, *places: str) -> bool:
        return any(place in self._outages and self._outages[place].pauses for place in places)

    def _keep(self, result: Any, error: Exception) -> None:
        place = result.namespace if getattr(error, "status", None) else EVERYWHERE
        self._in_a_row[place] += 1
        if self._in_a_row[place] >= IN_A_ROW:
            self._outages[place].fail(error)
        if not self._failed:
            self._retries.fail(error)
        self._failed.setdefault((result.namespace, result.pod_name), (result, self._clock()))

    def take_untried(self) -> list[Any]:
        """Return the results that were not tried, in their order, but those for which it is too early."""
        if self._pauses(EVERYWHERE):
            return []
        paused = {place for place in self._outages if self._pauses(place)}
        untried = [result for result in self._untried if result.namespace not in paused]
        self._untried = [result for result in self._untried if result.namespace in paused]
        return untried

    def retry(self, change: Change, finish: Change) -> list[Any]:
        """Try the failed results again unless it is too early; `finish` those that have failed for MAX_SECONDS.

        Returns those whose error means no outage.
        """
        other: list[Any] = []
        failures = IN_A_ROW if self._pauses(EVERYWHERE) or self._retries.pauses else 0
        for pod, (result, since) in tuple(self._failed.items()):
            error = try_again(result, change) if failures < IN_A_ROW else None
            if failures < IN_A_ROW and not (error and is_outage(error)):
                del self._failed[pod]
                other += [result] if error else []
                continue
            if error:
                failures += 1
                self._retries.fail(error)
                self._failed[pod] = self._failed.pop(pod)  # the others come first next time
            if self._clock() - since >= MAX_SECONDS:
                del self._failed[pod]
                log.warning(
                    "astro-runtime: pod %s in namespace %s stays: it cannot be deleted", pod[1], pod[0]
                )
                finish(result)
        if not self._failed:
            self._retries.end()
        return other


def try_again(result: Any, change: Change) -> Exception | None:
    """Process a result; return the error, if any."""
    try:
        change(result)
    except Exception as error:
        return error
    return None


class NoDeletion:
    """A `KubernetesScheduler` that neither deletes nor marks pods."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scheduler, name)

    def delete_pod(self, **_: Any) -> None:
        """Leave the pod."""

    def patch_pod_executor_done(self, **_: Any) -> None:
        """Leave the pod."""


def finish_without_deletion(executor: Any, change: Change, result: Any) -> None:
    """Process a result as Airflow does, without deleting or marking its pod."""
    scheduler = executor.kube_scheduler
    executor.kube_scheduler = NoDeletion(scheduler)
    try:
        change(result)
    finally:
        executor.kube_scheduler = scheduler
