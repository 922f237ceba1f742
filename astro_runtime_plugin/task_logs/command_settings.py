"""The settings of task logs for a command, which stops where a component would go on without a store."""

from __future__ import annotations

from airflow.configuration import conf

from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.task_logs.settings import URL, TaskLogSettings, read_settings, store_url_problem
from entrypoint.errors import StartError


def command_settings() -> TaskLogSettings:
    """Return the settings. Raises StartError for a URL that cannot be that of a store."""
    url = (read_option(conf, URL) or "").strip()
    if url and (problem := store_url_problem(url)):
        raise StartError(f"[astro_runtime] {URL} {problem}")
    return read_settings(conf)


def log_folder() -> str:
    """Return where Airflow writes logs on this machine."""
    return str(conf.get("logging", "base_log_folder"))
