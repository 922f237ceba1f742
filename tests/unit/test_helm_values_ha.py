"""deploy/helm-values-ha.yaml over deploy/helm-values.yaml: names of the chart, and two of each, spread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from astro_runtime_plugin.database import keepalive, pooler
from testing.entrypoint_process import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
PATHS = (Path(__file__).parent / "helm_chart_paths.txt").read_text().splitlines()[1:]
BASE: dict[str, Any] = yaml.safe_load((DEPLOY / "helm-values.yaml").read_text())
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "helm-values-ha.yaml").read_text())
# By the label `component` of their pods: the values of what runs twice.
COMPONENTS = {
    "scheduler": VALUES["scheduler"],
    "api-server": VALUES["apiServer"],
    "webserver": VALUES["webserver"],
    "dag-processor": VALUES["dagProcessor"],
    "triggerer": VALUES["triggerer"],
    "worker": VALUES["workers"]["celery"],
    "pgbouncer": VALUES["pgbouncer"],
}
FREE = {"config", "strategy", "containerLifecycleHooks"}  # whose content the chart's schema leaves open


def paths(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield prefix + name
        if isinstance(value, dict) and name not in FREE:
            yield from paths(value, f"{prefix}{name}.")


@pytest.mark.parametrize("values", [BASE, VALUES], ids=["helm-values", "helm-values-ha"])
def test_chart_has_every_value(values: dict[str, Any]) -> None:
    assert {*paths(values)} <= {*PATHS}


@pytest.mark.parametrize("component", COMPONENTS)
def test_component_runs_twice_and_loses_one_at_a_time(component: str) -> None:
    values = COMPONENTS[component]
    assert values["replicas"] == 2
    assert values["podDisruptionBudget"] == {"enabled": True, "config": {"maxUnavailable": 1}}


@pytest.mark.parametrize("component", COMPONENTS)
def test_component_is_spread_over_zones_and_nodes(component: str) -> None:
    spread = COMPONENTS[component]["topologySpreadConstraints"]
    assert [constraint["topologyKey"] for constraint in spread] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    assert [constraint["labelSelector"] for constraint in spread] == [
        {"matchLabels": {"component": component}}
    ] * 2


@pytest.mark.parametrize("component", ["api-server", "webserver"])
def test_server_gets_no_request_when_it_is_stopped(component: str) -> None:
    hook = COMPONENTS[component]["containerLifecycleHooks"]["preStop"]
    assert hook["exec"]["command"] == ["sleep", "15"]


def test_database_and_broker_are_outside_of_the_chart() -> None:
    assert (VALUES["postgresql"]["enabled"], VALUES["redis"]["enabled"]) == (False, False)
    names = ("brokerUrlSecretName", "resultBackendSecretName")
    assert all(VALUES["data"][name] for name in names)


def test_keys_outlast_an_upgrade() -> None:
    names = ("jwtSecretName", "apiSecretKeySecretName", "webserverSecretKeySecretName")
    assert {VALUES[name] for name in names} == {"airflow-keys"}


def test_url_of_the_database_suits_both_drivers() -> None:
    """For `postgresql` the chart adds `sslmode` to the URL, which asyncpg does not take."""
    assert VALUES["data"]["metadataConnection"]["protocol"] == "postgresql+psycopg2"


def test_connection_arguments_exist() -> None:
    options = VALUES["config"]["database"]
    for option, module, name in (
        ("sql_alchemy_connect_args", keepalive, "CONNECT_ARGS"),
        ("sql_alchemy_connect_args_async", pooler, "ASYNC_CONNECT_ARGS"),
    ):
        assert options[option] == f"{module.__name__}.{name}"
        assert hasattr(module, name)


def test_worker_count_is_read_where_the_chart_renders_one_set_of_workers() -> None:
    """There `.Values.workers` has no `celery`: without the parentheses the chart cannot be installed."""
    assert "{{ (.Values.workers.celery).replicas |" in BASE["config"]["astro_runtime"]["worker_queues"]
