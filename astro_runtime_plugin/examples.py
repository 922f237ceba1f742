"""The example DAGs: a DAG bundle of our own beside the operator's, where `[astro_runtime] load_examples` is True."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "example_dags"
BUNDLE = {
    "name": "astro-runtime-examples",
    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
    "kwargs": {"path": str(FOLDER)},
}
BUNDLES = ("dag_processor", "dag_bundle_config_list")
VARIABLE = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


def add_bundle(environ: MutableMapping[str, str], conf: Any) -> None:
    """Put the list of DAG bundles with the examples' into `environ`, where `conf`, Airflow's, asks for them.

    A child process inherits the list and finds the bundle in it. A list that Airflow cannot read is left for
    Airflow to complain of. Raises Airflow's own error for a `load_examples` that is neither yes nor no.
    Source: `DagBundlesManager.parse_config`, Airflow 3.3.2.
    """
    if not conf.getboolean("astro_runtime", "load_examples", fallback=False):
        return
    bundles = conf.getjson(*BUNDLES, fallback=[])
    if isinstance(bundles, list) and not any(_is_ours(bundle) for bundle in bundles):
        environ[VARIABLE] = json.dumps([*bundles, BUNDLE])


def _is_ours(bundle: object) -> bool:
    return isinstance(bundle, dict) and bundle.get("name") == BUNDLE["name"]
