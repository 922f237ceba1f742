"""The example DAGs, every one run in a real Airflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from testing.make_run import make_run
from testing.progress import announce
from testing.rest_api import API
from testing.servers import free_port
from testing.waiting import wait_until

EXPECTED = {  # DAG → task → (task instances, tries of the last one)
    "astro_runtime_asset_consumer": {"read_orders": (1, 1)},
    "astro_runtime_asset_producer": {"write_orders": (1, 1)},
    "astro_runtime_deferrable": {"wait_ten_seconds": (1, 1), "go_on": (1, 1)},
    "astro_runtime_mapping": {"list_files": (1, 1), "count": (3, 1), "add_up": (1, 1)},
    "astro_runtime_retries": {"call": (1, 3)},
}
ASSET_TRIGGERED = "astro_runtime_asset_consumer"
TIMEOUT_SECONDS = 300  # seconds: where tasks run one after the other, on a slow machine


@pytest.fixture(scope="module")
def client(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real Airflow in which every example is unpaused and all but the consumer are triggered."""
    announce(pytestconfig, "a `make run` with the example DAGs")
    with make_run(tmp_path_factory.mktemp("examples") / "home", free_port()) as run:
        run.wait_for("Stop: Ctrl-C")
        with run.client() as client:
            wait_until(lambda: client.get("/dags").json()["total_entries"] == len(EXPECTED))
            for dag in EXPECTED:
                client.patch(f"/dags/{dag}", json={"is_paused": False}).raise_for_status()
            for dag in EXPECTED.keys() - {ASSET_TRIGGERED}:
                client.post(f"/dags/{dag}/dagRuns", json=API.run).raise_for_status()
            yield client


def finished_run(client: httpx.Client, dag: str) -> dict[str, Any] | None:
    """Return the DAG's run once it has ended, else None."""
    runs = client.get(f"/dags/{dag}/dagRuns").json()["dag_runs"]
    return next((run for run in runs if run["state"] in ("success", "failed")), None)


@pytest.mark.parametrize("dag", EXPECTED)
def test_example_runs_as_documented(client: httpx.Client, dag: str) -> None:
    run = wait_until(lambda: finished_run(client, dag), seconds=TIMEOUT_SECONDS)
    instances = client.get(f"/dags/{dag}/dagRuns/{run['dag_run_id']}/taskInstances").json()["task_instances"]
    counts = Counter(instance["task_id"] for instance in instances)
    tries = {instance["task_id"]: instance["try_number"] for instance in instances}
    assert {task: (counts[task], tries[task]) for task in counts} == EXPECTED[dag]
    assert {instance["state"] for instance in instances} == {"success"}
    assert run["state"] == "success"


def test_sensor_waits_in_the_triggerer(client: httpx.Client) -> None:
    run = wait_until(lambda: finished_run(client, "astro_runtime_deferrable"), seconds=TIMEOUT_SECONDS)
    path = f"/dags/astro_runtime_deferrable/dagRuns/{run['dag_run_id']}/taskInstances/wait_ten_seconds"
    assert "Pausing task as DEFERRED" in client.get(f"{path}/logs/1").text


def test_every_example_has_a_description_and_a_tag(client: httpx.Client) -> None:
    for dag in EXPECTED:
        details = client.get(f"/dags/{dag}/details").json()
        assert len(details["doc_md"]) > 100
        assert [tag["name"] for tag in details["tags"]] == ["astro-runtime"]
    # A file that a busy machine imported for too long is imported again soon.
    wait_until(lambda: client.get("/importErrors").json()["total_entries"] == 0)
