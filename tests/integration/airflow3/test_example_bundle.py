"""The example DAGs' bundle: it exists if it is turned on, in addition to the operator's bundles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.example_dags.register import BUNDLE, VARIABLE
from testing.entrypoint_process import environment

LOAD_EXAMPLES = "AIRFLOW__ASTRO_RUNTIME__LOAD_EXAMPLES"
EXAMPLES = BUNDLE["name"]
OPERATORS_BUNDLES = [{"name": "100%", "classpath": BUNDLE["classpath"], "kwargs": {"path": "/their dags"}}]
LIST_BUNDLES = """
import os, subprocess, sys
from airflow.dag_processing.bundles.manager import DagBundlesManager
print("bundles:", *DagBundlesManager()._bundle_config, sep="|")
if len(sys.argv) == 1:
    subprocess.run([sys.executable, __file__, "child"], check=True)
"""


def list_bundles(home: Path, cfg: str = "", **variables: str) -> tuple[list[list[str]], str]:
    """Return the names of the bundles in an Airflow process and in its child, and the output of both."""
    (home / "airflow.cfg").write_text(cfg)
    (home / "list.py").write_text(LIST_BUNDLES)
    environ = environment(home, {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", **variables})
    process = subprocess.run([sys.executable, home / "list.py"], env=environ, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    lists = [line.split("|")[1:] for line in process.stdout.splitlines() if line.startswith("bundles:")]
    return lists, process.stdout + process.stderr


@pytest.mark.parametrize("variables", [{}, {LOAD_EXAMPLES: "False"}])
def test_examples_are_off_by_default(tmp_path: Path, variables: dict[str, str]) -> None:
    assert list_bundles(tmp_path, **variables)[0] == [["dags-folder"]] * 2


def test_examples_are_added_to_airflows_default_bundle(tmp_path: Path) -> None:
    assert list_bundles(tmp_path, **{LOAD_EXAMPLES: "True"})[0] == [["dags-folder", EXAMPLES]] * 2


def test_examples_are_added_to_bundles_in_airflow_cfg(tmp_path: Path) -> None:
    bundles = json.dumps(OPERATORS_BUNDLES).replace("%", "%%")
    cfg = f"[dag_processor]\ndag_bundle_config_list = {bundles}\n[astro_runtime]\nload_examples = True\n"
    assert list_bundles(tmp_path, cfg)[0] == [["100%", EXAMPLES]] * 2


def test_examples_are_added_to_bundles_in_the_environment(tmp_path: Path) -> None:
    variables = {LOAD_EXAMPLES: "True", VARIABLE: json.dumps(OPERATORS_BUNDLES)}
    assert list_bundles(tmp_path, **variables)[0] == [["100%", EXAMPLES]] * 2


def test_invalid_setting_is_one_warning(tmp_path: Path) -> None:
    lists, output = list_bundles(tmp_path, **{LOAD_EXAMPLES: "perhaps"})
    assert lists == [["dags-folder"]] * 2
    assert output.count("Airflow starts without the Runtime's example DAGs") == 1
