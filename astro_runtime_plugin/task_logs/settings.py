"""The settings of task logs in `[astro_runtime]`. A wrong value is logged once and counts as not set."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult

from astro_runtime_plugin.options.section import MAX_DAYS, read_option, warn_once
from astro_runtime_plugin.options.urls import LOCAL_HOSTS, MAX_URL_LENGTH, split_url
from entrypoint.config_values import airflow_boolean

URL, CONN_ID, TO_STDOUT = "task_logs", "task_logs_conn_id", "task_logs_to_stdout"
RETENTION_DAYS = "task_logs_retention_days"
OUR_LOGGING = "astro_runtime_plugin.task_logs."
SCHEMES = ("s3", "gs", "abfs", "abfss", "file")
ACCOUNT_SCHEMES = ("abfs", "abfss")  # abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX
CONNECTION_ID = re.compile(r"[\w.-]{1,250}", re.ASCII)  # as Airflow checks one
URL_MUST_BE = "must be s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, abfs://CONTAINER/PREFIX or file:///FOLDER"


@dataclass(frozen=True)
class TaskLogSettings:
    """Where task logs go, and how long they stay; `retention_days` 0 is for ever."""

    url: str = ""
    conn_id: str = ""
    to_stdout: bool = False
    retention_days: int = 0
    delete_local: bool = False  # a log's file on this machine, once the store has all of it

    @property
    def has_store(self) -> bool:
        """Whether a store is set."""
        return bool(self.url)


def read_settings(conf: Any) -> TaskLogSettings:
    """Return the settings of `[astro_runtime]`, and `[logging] delete_local_logs`, from Airflow's `conf`."""
    delete_local = str(conf.get("logging", "delete_local_logs", fallback=""))
    return TaskLogSettings(
        url=_text(conf, URL, store_url_problem).rstrip("/"),
        conn_id=_text(conf, CONN_ID, _conn_id_problem),
        to_stdout=_text(conf, TO_STDOUT, _boolean_problem).lower() in ("true", "t", "1"),
        retention_days=int(_text(conf, RETENTION_DAYS, _days_problem) or 0),
        delete_local=airflow_boolean(delete_local) is True,
    )


def active_settings(conf: Any) -> TaskLogSettings:
    """Return the settings; without a store where the operator's own logging is in use."""
    settings, config_class = read_settings(conf), conf.get("logging", "logging_config_class", fallback="")
    return settings if config_class.startswith(OUR_LOGGING) else replace(settings, url="", retention_days=0)


def store_url_problem(url: str) -> str:
    """Return what the URL of a store must be, as in `must not contain ...`; empty if it is one.

    The result never repeats the URL, which may contain a password.
    """
    if len(url) > MAX_URL_LENGTH:
        return f"must not be longer than {MAX_URL_LENGTH} characters"
    parts = split_url(url, " \\")
    if parts is None or parts.scheme not in SCHEMES or not _names_place(parts):
        return URL_MUST_BE
    user, at, account = parts.netloc.rpartition("@")
    if at and (parts.scheme not in ACCOUNT_SCHEMES or ":" in user or not user or not account):
        return "must not contain a user name or password; name a connection in task_logs_conn_id"
    if parts.query or parts.fragment or ".." in parts.path.split("/"):
        return "must not contain ?, # or .."
    return ""


def _names_place(parts: SplitResult) -> bool:
    if parts.scheme == "file":
        return parts.netloc in LOCAL_HOSTS and len(parts.path.rstrip("/")) > 1
    return bool(parts.hostname)


def _conn_id_problem(text: str) -> str:
    return "" if CONNECTION_ID.fullmatch(text) else "must be the id of an Airflow connection"


def _boolean_problem(text: str) -> str:
    return "must be True or False" if airflow_boolean(text) is None else ""


def _days_problem(text: str) -> str:
    whole = text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= MAX_DAYS
    return "" if whole else f"must be a whole number of days from 0 to {MAX_DAYS}"


def _text(conf: Any, name: str, problem_of: Any) -> str:
    text = (read_option(conf, name) or "").strip()
    problem = problem_of(text) if text else ""
    if problem:
        warn_once(f"[astro_runtime] {name} {problem}; it counts as not set")
        return ""
    return text
