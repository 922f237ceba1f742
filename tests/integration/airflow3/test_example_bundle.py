"""The example DAGs' bundle: there where it is asked for, beside the operator's bundles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.example_dags.register import BUNDLE, VARIABLE
from testing.entrypoint_process import environment

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
