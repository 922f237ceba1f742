"""The example DAGs, shown where `[astro_runtime] load_examples` is True: beside the operator's, in their own place.

On Airflow 3.3 that is a DAG bundle. Airflow 2.11 has one folder for DAGs, and has read its name before the startup
hook runs: there it is a symbolic link in that folder, which stays until it is removed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from entrypoint.airflow_line import installed_airflow, line_of

FOLDER = Path(__file__).parent / "dags"
BUNDLE = {
    "name": "astro-runtime-examples",
    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
    "kwargs": {"path": str(FOLDER)},
}
BUNDLES = ("dag_processor", "dag_bundle_config_list")
VARIABLE = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
LINK = "astro_runtime_examples"


def register(environ: MutableMapping[str, str], conf: Any) -> None:
    """Show the examples to the process with `environ` where `conf`, Airflow's, asks for them.

    Raises Airflow's own error for a `load_examples` that is neither yes nor no.
    """
    if conf.getboolean("astro_runtime", "load_examples", fallback=False):
        REGISTRATIONS[line_of(installed_airflow())](environ, conf)


def add_bundle(environ: MutableMapping[str, str], conf: Any) -> None:
    """Put the list of DAG bundles with the examples' into `environ`.

    A child process inherits the list and finds the bundle in it. A list that Airflow cannot read is left for
    Airflow to complain of. Source: `DagBundlesManager.parse_config`, Airflow 3.3.2.
    """
    bundles = conf.getjson(*BUNDLES, fallback=[])
    if isinstance(bundles, list) and not any(_is_ours(bundle) for bundle in bundles):
        environ[VARIABLE] = json.dumps([*bundles, BUNDLE])


def _is_ours(bundle: object) -> bool:
    return isinstance(bundle, dict) and bundle.get("name") == BUNDLE["name"]


def add_link(environ: MutableMapping[str, str], conf: Any) -> None:
    """Link the examples' folder into the folder for DAGs; raises OSError where that cannot be written.

    Airflow follows it. Source: `find_path_from_directory`, Airflow 2.11.2.
    """
    link = Path(conf.get("core", "dags_folder")).expanduser() / LINK
    if link.is_symlink() and not link.exists():
        link.unlink(missing_ok=True)  # of an environment that is gone
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(FOLDER)


REGISTRATIONS: dict[str, Callable[[MutableMapping[str, str], Any], None]] = {
    "3.3": add_bundle,
    "2.11": add_link,
}
