"""The example DAGs: asked for or not, beside the operator's bundles, and every one run in a real Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from astro_runtime_plugin.examples import BUNDLE, VARIABLE
from tests.process.making import making, until
from tests.process.start import environment
from tests.servers import free_port

ASKED = "AIRFLOW__ASTRO_RUNTIME__LOAD_EXAMPLES"
OURS = BUNDLE["name"]
THEIRS = [{"name": "100%", "classpath": BUNDLE["classpath"], "kwargs": {"path": "/their dags"}}]
LIST = """
import os, subprocess, sys
from airflow.dag_processing.bundles.manager import DagBundlesManager
print("bundles:", *DagBundlesManager()._bundle_config, sep="|")
if len(sys.argv) == 1:
    subprocess.run([sys.executable, __file__, "child"], check=True)
"""


def bundles(home: Path, cfg: str = "", **variables: str) -> tuple[list[list[str]], str]:
    """Return the bundles that Airflow has in a process and in a child of it, and what they logged."""
    (home / "airflow.cfg").write_text(cfg)
    (home / "list.py").write_text(LIST)
    environ = environment(home, {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", **variables})
    done = subprocess.run([sys.executable, home / "list.py"], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lists = [line.split("|")[1:] for line in done.stdout.splitlines() if line.startswith("bundles:")]
    return lists, done.stdout + done.stderr


@pytest.mark.parametrize("asked", [None, "False"])
def test_they_are_off_unless_asked_for(tmp_path: Path, asked: str | None) -> None:
    assert bundles(tmp_path, **({ASKED: asked} if asked else {}))[0] == [["dags-folder"]] * 2


def test_they_stand_beside_the_stock_bundle(tmp_path: Path) -> None:
    assert bundles(tmp_path, **{ASKED: "True"})[0] == [["dags-folder", OURS]] * 2


def test_they_stand_beside_the_operators_bundles_in_airflow_cfg(tmp_path: Path) -> None:
    held = json.dumps(THEIRS).replace("%", "%%")
    cfg = f"[dag_processor]\ndag_bundle_config_list = {held}\n[astro_runtime]\nload_examples = yes\n"
    assert bundles(tmp_path, cfg.replace("yes", "True"))[0] == [["100%", OURS]] * 2


def test_they_stand_beside_the_operators_bundles_in_the_environment(tmp_path: Path) -> None:
    assert bundles(tmp_path, **{ASKED: "True", VARIABLE: json.dumps(THEIRS)})[0] == [["100%", OURS]] * 2


def test_an_answer_that_is_neither_yes_nor_no_is_one_warning(tmp_path: Path) -> None:
    found, said = bundles(tmp_path, **{ASKED: "perhaps"})
    assert found == [["dags-folder"]] * 2
    assert said.count("Airflow starts without the Runtime's example DAGs") == 1


EXPECTED = {  # of each DAG, how many task instances, and how many tries the last one took
    "astro_runtime_asset_consumer": {"read_orders": (1, 1)},
    "astro_runtime_asset_producer": {"write_orders": (1, 1)},
    "astro_runtime_deferrable": {"wait_ten_seconds": (1, 1), "go_on": (1, 1)},
    "astro_runtime_mapping": {"list_files": (1, 1), "count": (3, 1), "add_up": (1, 1)},
    "astro_runtime_retries": {"call": (1, 3)},
}
STARTED_BY_AN_ASSET = "astro_runtime_asset_consumer"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real Airflow in which every example has been switched on and, but for the consumer, triggered."""
    with making(tmp_path_factory.mktemp("examples") / "home", free_port()) as run:
        run.until("Stop: Ctrl-C")
        with run.client() as client:
            until(lambda: client.get("/dags").json()["total_entries"] == len(EXPECTED))
            for dag in EXPECTED:
                client.patch(f"/dags/{dag}", json={"is_paused": False}).raise_for_status()
            for dag in EXPECTED.keys() - {STARTED_BY_AN_ASSET}:
                client.post(f"/dags/{dag}/dagRuns", json={"logical_date": None}).raise_for_status()
            yield client


def finished(client: httpx.Client, dag: str) -> dict[str, Any] | None:
    """Return the DAG's run when it is at its end."""
    runs = client.get(f"/dags/{dag}/dagRuns").json()["dag_runs"]
    return next((run for run in runs if run["state"] in ("success", "failed")), None)


@pytest.mark.parametrize("dag", EXPECTED)
def test_an_example_runs_as_it_says(client: httpx.Client, dag: str) -> None:
    run = until(lambda: finished(client, dag), 120)
    found = client.get(f"/dags/{dag}/dagRuns/{run['dag_run_id']}/taskInstances").json()["task_instances"]
    counts = Counter(one["task_id"] for one in found)
    tries = {one["task_id"]: one["try_number"] for one in found}
    assert {task: (counts[task], tries[task]) for task in counts} == EXPECTED[dag]
    assert {one["state"] for one in found} == {"success"}
    assert run["state"] == "success"


def test_the_sensor_waited_in_the_triggerer(client: httpx.Client) -> None:
    run = until(lambda: finished(client, "astro_runtime_deferrable"), 120)
    path = f"/dags/astro_runtime_deferrable/dagRuns/{run['dag_run_id']}/taskInstances/wait_ten_seconds"
    assert "Pausing task as DEFERRED" in client.get(f"{path}/logs/1").text


def test_every_example_is_explained_and_tagged(client: httpx.Client) -> None:
    for dag in EXPECTED:
        details = client.get(f"/dags/{dag}/details").json()
        assert len(details["doc_md"]) > 100
        assert [tag["name"] for tag in details["tags"]] == ["astro-runtime"]
    assert client.get("/importErrors").json()["total_entries"] == 0
