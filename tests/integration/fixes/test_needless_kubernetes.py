"""A command imports no Kubernetes client; exceptions, pods and masking are as with stock Airflow."""

from __future__ import annotations

from typing import Any

from testing.proof import Proof

CLIENTS = ["kubernetes", "kubernetes_asyncio"]


def assert_pods_work(seen: Any) -> None:
    assert (seen["same"], seen["pod"], seen["generator"]) == ([False, False], [True, True], "PodGenerator")
    assert seen["plain"] == {"password": "***", "other": ["a value"]}
    assert (seen["masked"]["name"], seen["masked"]["value"]) == ("password", "***")


def test_command_imports_no_kubernetes_client(proof: Proof) -> None:
    seen = proof.run("needless_kubernetes", "version")
    assert seen["imported"] == proof.expect(stock=CLIENTS, fixed=[])
    assert_pods_work(seen)


def test_masker_of_secrets_imports_no_kubernetes_client(proof: Proof) -> None:
    seen = proof.run("needless_kubernetes", "tasks", "run")
    assert seen["after masking"] == proof.expect(stock=CLIENTS, fixed=[])
    assert_pods_work(seen)


def test_component_has_the_clients_before_it_forks(half: Proof) -> None:
    seen = half.run("needless_kubernetes", "scheduler")
    assert seen["imported"] == CLIENTS
    assert_pods_work(seen)
