"""Makes the example DAGs available next to the operator's own if `[astro_runtime] load_examples` is True.

On Airflow 3.3 they are a DAG bundle. Airflow 2.11 has a single DAG folder and reads its name before the startup hook
runs: there they are a symbolic link in that folder, which remains until it is removed.

This module is outside `dags/` because Airflow parses every file in there.
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
BUNDLES_OPTION = ("dag_processor", "dag_bundle_config_list")
VARIABLE = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
LINK = "astro_runtime_examples"


def register(environ: MutableMapping[str, str], conf: Any) -> None:
    """Register the examples for the process with `environ` if Airflow's `conf` enables them.

    Raises Airflow's own error if `load_examples` is not a boolean.
    """
    if conf.getboolean("astro_runtime", "load_examples", fallback=False):
        REGISTRATIONS[line_of(installed_airflow())](environ, conf)


def add_bundle(environ: MutableMapping[str, str], conf: Any) -> None:
    """Set the list of DAG bundles, including the examples' bundle, in `environ`.

    Child processes inherit the list, which then already contains the bundle. An invalid list is left as it is, so that
    Airflow reports it. Source: `DagBundlesManager.parse_config`, Airflow 3.3.2.
    """
    bundles = conf.getjson(*BUNDLES_OPTION, fallback=[])
    if isinstance(bundles, list) and not any(_is_examples_bundle(bundle) for bundle in bundles):
        environ[VARIABLE] = json.dumps([*bundles, BUNDLE])


def _is_examples_bundle(bundle: object) -> bool:
    return isinstance(bundle, dict) and bundle.get("name") == BUNDLE["name"]


def add_link(environ: MutableMapping[str, str], conf: Any) -> None:
    """Link the examples' folder into the DAG folder. Raises OSError if that is not writable.

    Airflow follows the link. Source: `find_path_from_directory`, Airflow 2.11.2.
    """
    link = Path(conf.get("core", "dags_folder")).expanduser() / LINK
    if link.is_symlink() and not link.exists():
        link.unlink(missing_ok=True)  # its target was an environment that no longer exists
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(FOLDER)


REGISTRATIONS: dict[str, Callable[[MutableMapping[str, str], Any], None]] = {
    "3.3": add_bundle,
    "2.11": add_link,
}
