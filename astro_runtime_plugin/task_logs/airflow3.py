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

from astro_runtime_plugin.task_logs.airflow3_writing import TaskLogIO
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.writer import LogWriter

log = logging.getLogger("astro_runtime")
HANDLER = "astro_runtime_plugin.task_logs.airflow3_reading.TaskLogHandler"


def configure(settings: TaskLogSettings) -> tuple[dict[str, Any], TaskLogIO | None]:
    """Return the dictionary for `logging.config.dictConfig`, and what writes logs to the store, if there is one."""
    config = deepcopy(DEFAULT_LOGGING_CONFIG)
    if not settings.has_store:
        return config, None
    config["handlers"]["task"]["class"] = HANDLER
    return config, TaskLogIO(LogWriter(settings, BASE_LOG_FOLDER), BASE_LOG_FOLDER, settings.conn_id)


_settings = read_settings(conf)
LOGGING_CONFIG, REMOTE_TASK_LOG = configure(_settings)
DEFAULT_REMOTE_CONN_ID = (_settings.has_store and _settings.conn_id) or None
