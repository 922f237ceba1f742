"""A full log volume ends no supervisor: tasks, DAG parsing and triggers go on without the lines that do not fit.

In Airflow 3, an error while a log is written ends the process that writes it. If that is the supervisor of a task, the
task is left as an orphan without heartbeats; the logs of DAG files and triggers are written by the components
themselves. In Airflow 2, the error is reported on stderr, which is redirected into the same log, so that reporting it
fails in turn: a task is busy with that for ever, also when there is room again, and a parser of DAG files fails. The
thread that writes the triggerer's logs ends. With this fix all of them go on, and what does not fit is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, BinaryIO, cast

from astro_runtime_plugin.fixes.fix import Fix, Patch, lazy
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.tolerant_file import TolerantFile, log

ID = "full-log-volume"
SUPERVISOR = "airflow.sdk.execution_time.supervisor"
CALLBACKS = "airflow.sdk.execution_time.callback_supervisor"
MANAGER, TRIGGERER = "airflow.dag_processing.manager", "airflow.jobs.triggerer_job_runner"
HANDLERS, FILE, DAG_FILE = "airflow.utils.log", "non_caching_file_handler", "file_processor_handler"
Log = tuple[Any, Any]  # a logger and its file


def write_tolerantly(write: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_log_to_target`, which writes a line that the child has sent to one of its logs."""

    @wraps(write)
    def write_or_warn(*args: Any, **options: Any) -> None:
        try:
            write(*args, **options)
        except OSError as error:
            _warn_once(error.strerror)

    return write_or_warn


@cache
def _warn_once(reason: str) -> None:
    log.warning("astro-runtime: lines of a log are lost: %s", reason)


def open_task_log(configure: Callable[[str, Any], Log]) -> Callable[[str, Any], Log]:
    """Wrap `_configure_logging` of a supervisor of tasks or callbacks."""

    @wraps(configure)
    def open_log(log_path: str, client: Any) -> Log:
        return open_tolerantly(lambda: configure(log_path, client), log_path)

    return open_log


def open_dag_log(configure: Callable[[Any, Any], Log]) -> Callable[[Any, Any], Log]:
    """Wrap `_get_logger_for_dag_file` of the DAG processor."""

    @wraps(configure)
    def open_log(manager: Any, dag_file: Any) -> Log:
        return open_tolerantly(
            lambda: configure(manager, dag_file), manager._render_log_filename(dag_file), "processor"
        )

    return open_log


def open_trigger_log(configure: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Wrap the triggerer's `TriggerLoggingFactory`, which opens the log of a trigger at its first line."""

    @wraps(configure)
    def open_log(factory: Any, processors: Any) -> Any:
        if hasattr(factory, "bound_logger"):
            return configure(factory, processors)
        logger, file = open_tolerantly(
            lambda: (configure(factory, processors), factory._filehandle), factory.log_path
        )
        factory.bound_logger, factory._filehandle = logger, file
        return logger

    return open_log


def open_tolerantly(open_log: Callable[[], Log], path: str, name: str = "task") -> Log:
    """Return a logger and a file that tolerates errors, even if the file or its folder cannot be created."""
    try:
        logger, file = open_log()
    except OSError as error:
        late = attempt(ID, None, _late_log, path, name)
        if late is None:
            raise
        log.warning("astro-runtime: the log %s cannot be opened: %s", path, error.strerror)
        return late
    return attempt(ID, (logger, file), _tolerate, logger, file)


def _tolerate(logger: Any, file: BinaryIO) -> Log:
    import structlog

    tolerant = TolerantFile(file.name, lambda: file, file)
    logger._logger = structlog.BytesLogger(cast(BinaryIO, tolerant))
    return logger, tolerant


def _late_log(path: str, name: str) -> Log:
    """Return a logger whose file is opened as soon as that is possible."""
    import structlog
    from airflow.sdk.configuration import conf
    from airflow.sdk.log import init_log_file, logging_processors

    full_path = f"{conf.get('logging', 'base_log_folder')}/{path}" if not path.startswith("/") else path
    tolerant = TolerantFile(full_path, lambda: init_log_file(path).open("ab"))
    logger = structlog.BytesLogger(cast(BinaryIO, tolerant))
    processors = logging_processors(json_output=True)
    return structlog.wrap_logger(logger, processors=processors, logger_name=name).bind(), tolerant


FIX = Fix(
    id=ID,
    title="A full log volume stops neither tasks nor the DAG processor nor the triggerer",
    symptom="The log volume was full: tasks failed but ran on unseen, or hung on Airflow 2; the DAG processor and the"
    " triggerer restarted, or parsed and logged nothing.",
    issue="",
    ends="An OSError while a log is written no longer leaves `_log_to_target` or the loggers of DAG files and"
    " triggers; and Airflow 2.11 is no longer supported.",
    patches=(
        Patch(SUPERVISOR, "_log_to_target", ("6e8d795601b38bb3",), write_tolerantly, ("3.3",)),
        Patch(SUPERVISOR, "_configure_logging", ("0eacd522b8ca2ee9",), open_task_log, ("3.3",)),
        Patch(CALLBACKS, "_configure_logging", ("fa59e111b4eaac09",), open_task_log, ("3.3",)),
        Patch(
            MANAGER,
            "DagFileProcessorManager._get_logger_for_dag_file",
            ("5c1836a231c257c6",),
            open_dag_log,
            ("3.3",),
        ),
        Patch(TRIGGERER, "TriggerLoggingFactory.__call__", ("2a52cfebcf8d68eb",), open_trigger_log, ("3.3",)),
        *(
            Patch(f"{HANDLERS}.{module}", function, (source,), lazy(f"log_files_airflow2.{wrap}"), ("2.11",))
            for module, function, source, wrap in (
                (FILE, "NonCachingFileHandler._open", "0411185d43919e68", "open_or_lose"),
                (FILE, "NonCachingRotatingFileHandler._open", "0411185d43919e68", "open_or_lose"),
                ("file_task_handler", "FileTaskHandler._init_file", "a7e88317afdf0c3a", "name_task_log"),
                (DAG_FILE, "FileProcessorHandler.__init__", "2bba47447e60ac28", "start_without_folder"),
                (DAG_FILE, "FileProcessorHandler._init_file", "88465947a67859b4", "name_dag_log"),
            )
        ),
    ),
)
