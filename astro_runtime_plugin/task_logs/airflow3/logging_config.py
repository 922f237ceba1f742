"""Airflow 3's logging configuration with task logs in a store: what `[logging] logging_config_class` names.

Airflow takes `REMOTE_TASK_LOG` and `DEFAULT_REMOTE_CONN_ID` from the same module; in a supervisor it puts this
connection, which it gets from the API server, into the environment when a log begins and ends. Without a usable
`[astro_runtime] task_logs` everything is Airflow's own.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any

from airflow.config_templates.airflow_local_settings import BASE_LOG_FOLDER, DEFAULT_LOGGING_CONFIG
from airflow.configuration import conf

from astro_runtime_plugin.task_logs.airflow3.writing import TaskLogIO
from astro_runtime_plugin.task_logs.settings import read_settings
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

log = logging.getLogger("astro_runtime")
HANDLER = "astro_runtime_plugin.task_logs.airflow3.reading.TaskLogHandler"


def configure() -> tuple[dict[str, Any], TaskLogIO | None, str | None]:
    """Return the dictionary for `logging.config.dictConfig`, what writes logs to the store, and its connection."""
    config = deepcopy(DEFAULT_LOGGING_CONFIG)
    settings = read_settings(conf)
    if not settings.has_store:
        return config, None, None
    config["handlers"]["task"]["class"] = HANDLER
    logs = TaskLogIO(LogWriter(settings, BASE_LOG_FOLDER), BASE_LOG_FOLDER, settings.conn_id)
    return config, logs, settings.conn_id or None


try:
    LOGGING_CONFIG, REMOTE_TASK_LOG, DEFAULT_REMOTE_CONN_ID = configure()
except Exception as error:  # else no airflow command would start
    log.warning("astro-runtime: task logs stay on this machine: %s", type(error).__name__)
    LOGGING_CONFIG, REMOTE_TASK_LOG, DEFAULT_REMOTE_CONN_ID = DEFAULT_LOGGING_CONFIG, None, None
