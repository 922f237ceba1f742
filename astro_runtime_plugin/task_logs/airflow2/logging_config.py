"""Airflow 2's logging configuration with task logs in a store: what `[logging] logging_config_class` names.

It is Airflow's own but for the handler `task`. Without a usable `[astro_runtime] task_logs` everything is Airflow's.
Source: airflow/config_templates/airflow_local_settings.py of Airflow 2.11.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG
from airflow.configuration import conf

from astro_runtime_plugin.task_logs.settings import read_settings

log = logging.getLogger("astro_runtime")
AIRFLOWS = "airflow.utils.log.file_task_handler.FileTaskHandler"


def configure(default: dict[str, Any]) -> dict[str, Any]:
    """Return Airflow's configuration with the handler for the store; one that is not Airflow's own stays."""
    handler = default["handlers"]["task"]
    if handler["class"] != AIRFLOWS or not read_settings(conf).has_store:
        return default
    from astro_runtime_plugin.task_logs.airflow2.handler import TaskLogHandler

    ours = f"{TaskLogHandler.__module__}.{TaskLogHandler.__name__}"
    return {**default, "handlers": {**default["handlers"], "task": {**handler, "class": ours}}}


try:
    LOGGING_CONFIG = configure(DEFAULT_LOGGING_CONFIG)
except Exception as error:  # else no airflow command would start
    log.warning("astro-runtime: task logs stay on this machine: %s", type(error).__name__)
    LOGGING_CONFIG = DEFAULT_LOGGING_CONFIG
