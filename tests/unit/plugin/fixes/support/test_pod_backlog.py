"""Which results of pods are processed while the API server fails for some of them, or for all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import ApiException  # type: ignore[import-untyped]

from astro_runtime_plugin.fixes.support.outage import MAX_PAUSE, MAX_SECONDS
from astro_runtime_plugin.fixes.support.pod_backlog import Backlog, finish_without_deletion
from tests.unit.plugin.fixes.support.test_outage import Clock


class Server:
    """Fails for the pods in `bad`, and counts requests."""

    def __init__(self, *bad: str) -> None:
        self.clock = Clock()
        self.backlog = Backlog(self.clock)
        self.bad = {*bad}
        self.error: Exception = ConnectionError()
        self.requests = 0
        self.processed: list[str] = []
        self.finished: list[str] = []

    def change(self, result: Any) -> None:
        self.requests += 1
        if result.pod_name in self.bad:
            raise self.error
        self.processed.append(result.pod_name)

    def finish(self, result: Any) -> None:
        self.finished.append(result.pod_name)

    def round(self, *pods: str, namespace: str = "default") -> list[Any]:
        results = [SimpleNamespace(pod_name=pod, namespace=namespace) for pod in pods]
        for result in [*self.backlog.take_untried(), *results]:
            self.backlog.process(result, self.change)
        return self.backlog.retry(self.change, self.finish)

    def rounds(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.now += 1
            self.round()


def test_one_pod_that_always_fails_holds_up_no_other() -> None:
    server = Server("bad")
    for number in range(5):
        server.round("bad" if number == 0 else "good", str(number))
        server.clock.now += 1
    assert server.processed == ["0", "good", "1", "good", "2", "good", "3", "good", "4"]
    server.rounds(MAX_SECONDS)
    assert server.finished == ["bad"]
    assert server.requests < MAX_SECONDS / MAX_PAUSE + 20
    server.bad.clear()
    server.rounds(60)
    assert "bad" not in server.processed


def test_bad_namespace_holds_up_no_other_and_frees_its_slots() -> None:
    bad = [f"bad {number}" for number in range(20)]
    server = Server(*bad)
    server.error = ApiException(status=500)
    server.round(*bad, namespace="bad")
    server.round("good")
    assert server.processed == ["good"]
    assert server.requests < 6
    server.rounds(3 * MAX_SECONDS)
    assert sorted(server.finished) == sorted(bad)


def test_outage_lets_few_requests_through_and_loses_no_result() -> None:
    pods = [str(number) for number in range(100)]
    server = Server(*pods)
    server.round(*pods)
    assert server.requests == 2
    server.rounds(60)
    assert server.requests < 40
    server.bad.clear()
    server.rounds(MAX_PAUSE + 1)
    assert sorted(server.processed) == sorted(pods)
    assert server.finished == []


def test_retry_that_fails_for_another_reason_is_returned() -> None:
    server = Server("bad")
    server.round("bad")
    server.error = LookupError()
    server.clock.now += 1
    assert [result.pod_name for result in server.round()] == ["bad"]
    assert server.round() == []


def test_error_that_means_no_outage_is_raised() -> None:
    server = Server("bad")
    server.error = LookupError()
    with pytest.raises(LookupError):
        server.round("bad")


def test_task_is_finished_without_a_request() -> None:
    scheduler = SimpleNamespace(delete_pod=lambda **_: pytest.fail("a request"), name="scheduler")
    executor = SimpleNamespace(kube_scheduler=scheduler)
    processed = []

    def change(result: str) -> None:
        executor.kube_scheduler.delete_pod(pod_name="pod", namespace="default")
        executor.kube_scheduler.patch_pod_executor_done(pod_name="pod", namespace="default")
        processed.append((result, executor.kube_scheduler.name))

    finish_without_deletion(executor, change, "result")
    assert processed == [("result", "scheduler")]
    assert executor.kube_scheduler is scheduler
