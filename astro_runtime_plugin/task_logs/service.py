"""The threads of a component that has to do with task logs; without a store, nothing starts.

They report whether the store works, what this machine has yet to send, and delete old logs.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Callable
from functools import cache

from airflow.configuration import conf

from astro_runtime_plugin import airflow_compat, background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.component import CELERY_WORKER, SCHEDULER, TRIGGERER
from astro_runtime_plugin.options.urls import without_secrets
from astro_runtime_plugin.task_logs import health
from astro_runtime_plugin.task_logs.retention.daily import DailyRetention
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, active_settings
from astro_runtime_plugin.task_logs.shipping.output import REPEAT_SECONDS, WARNING_PREFIX
from astro_runtime_plugin.task_logs.shipping.records import Status
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter, from_conf
from astro_runtime_plugin.task_logs.stores.check import check_store

log = logging.getLogger("astro_runtime")
WRITERS = (SCHEDULER, TRIGGERER, CELERY_WORKER)
REPORT_SECONDS = 10.0
CURRENT_SECONDS = 60.0  # a status that is older says nothing about now
# That a component waits for the store at its end; a container's stop allows ten by default.
FLUSH_SECONDS = 5.0


@cache  # once per process; a process forked from it, such as a task, inherits the cached result
def start(component: str) -> None:
    """Start the threads of a component."""
    settings = active_settings(conf)
    if not settings.has_store:
        return
    if component in WRITERS:
        atexit.register(flush, from_conf(conf), os.getpid())
    background.start_thread("task logs", lambda wait: _work(wait, component, settings))
    if component == SCHEDULER and settings.retention_days:
        background.start_thread("task log retention", DailyRetention(settings).run)


def flush(writer: LogWriter, owner: int) -> None:
    """Send what is pending before the process `owner` ends, and its container with it; not in what it forked."""
    if os.getpid() == owner:
        writer.flush(FLUSH_SECONDS)


def task_logs() -> health.TaskLogsSummary:
    """Return where task logs are kept, and what the machines have last reported."""
    settings = active_settings(conf)
    machines = health.fetch_machines() if settings.has_store else ()
    return health.summarize(without_secrets(settings.url), settings.retention_days, machines)


def _work(wait: StoppableWait, component: str, settings: TaskLogSettings) -> None:
    """Send what ended processes leave behind, check the store once, and report until the process ends."""
    is_writer, writer = component in WRITERS, from_conf(conf)
    if is_writer:
        writer.aim()
    has_store = is_writer and has_connection(component, settings)
    if has_store:
        writer.sweep()
    problem = log_check(component, settings)
    reporter = Reporter(Spool(conf.get("logging", "base_log_folder")), shares_database(component), problem)
    while is_writer:
        reporter.report()
        wait(REPORT_SECONDS)
        if has_store:  # a shipper may have been killed, or have given up
            writer.sweep()


def log_check(component: str, settings: TaskLogSettings) -> str:
    """Log whether the store works, in one line; return what is wrong with it."""
    store = without_secrets(settings.url)
    if not has_connection(component, settings):
        log.info("Task logs: %s is not checked here: a worker gets the connection with its first task", store)
        return ""
    problem = check_store(settings)
    if problem:
        log.warning("Task logs: %s %s; `astro-runtime logs check` tries it again", store, problem)
    else:
        log.info("Task logs: %s can be written, listed, read and deleted from", store)
    return problem


def has_connection(component: str, settings: TaskLogSettings) -> bool:
    """Return whether the component itself gets the connection of the store, if one is needed."""
    return not settings.conn_id or shares_database(component)


def shares_database(component: str) -> bool:
    """Return whether the component has the metadata database: workers of Airflow 3 may have a SQLite of their own."""
    is_sqlite = conf.get("database", "sql_alchemy_conn").startswith("sqlite")
    return not (component == CELERY_WORKER and is_sqlite)


class Reporter:
    """Sends the metrics of this machine, and saves its row; warns once for each kind of failure."""

    def __init__(self, spool: Spool, shares_database: bool, problem: str) -> None:
        self._spool = spool
        self._shares_database = shares_database
        self._problem = problem
        self._checked = time.time()
        self._warned: set[str] = set()
        self._seen: dict[str, float] = {}  # the shipper's problems: when each was last there

    def report(self) -> None:
        """Report what the shipper of this machine has written last; a failure never ends the thread."""
        status = self._spool.status()
        if status and status.updated > self._checked and not (status.entries or status.problem):
            self._problem = ""  # everything has been sent since the check
        if status and status.problem and not status.is_printed:
            self._warn_for_shipper(status)
        row = health.machine_row(status or Status(), self._problem, time.time())
        self._attempt("the metrics of task logs could not be sent", lambda: health.send_metrics(row))
        if self._shares_database:
            host = airflow_compat.hostname()
            self._attempt("the row of task logs could not be saved", lambda: health.save_row(host, row))

    def _warn_for_shipper(self, status: Status) -> None:
        """Log what is wrong once, for a shipper that could not print it."""
        is_current = time.time() - status.updated < CURRENT_SECONDS
        if is_current and time.monotonic() - self._seen.get(status.problem, float("-inf")) >= REPEAT_SECONDS:
            log.warning("%s%s", WARNING_PREFIX, status.problem)
        self._seen[status.problem] = time.monotonic()

    def _attempt(self, what: str, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:  # a foreign error's text may contain the database's URL
            if what not in self._warned:
                self._warned.add(what)
                log.warning("astro-runtime: %s: %s", what, type(error).__name__)
