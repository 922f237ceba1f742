"""Every private or line-specific piece of Airflow that the plugin uses outside the two web adapters.

Importing this module does not import Airflow: each function imports what it needs. What differs between the lines is
a table with a row for each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pkgutil import resolve_name
from types import ModuleType
from typing import TYPE_CHECKING, Any

from entrypoint.airflow_line import line_of

if TYPE_CHECKING:
    from argparse import ArgumentParser

Adjust = Callable[[int], int]
# What sends Airflow's metrics.
STATS = {"3.3": "airflow._shared.observability.metrics:stats", "2.11": "airflow.stats:Stats"}
# What returns the fsspec file system of a scheme.
FILE_SYSTEMS = {"3.3": "airflow.sdk.io.fs:get_fs", "2.11": "airflow.io:get_fs"}

# What caches the values of secrets backends, if the operator has turned that on.
SECRET_CACHES = {"3.3": "airflow.sdk:SecretCache", "2.11": "airflow.secrets.cache:SecretCache"}

# The classes of `conf`: Airflow's and the Task SDK's, which have copies of the same code.
CONFIG_PARSERS = {
    "3.3": (
        "airflow._shared.configuration.parser:AirflowConfigParser",
        "airflow.sdk._shared.configuration.parser:AirflowConfigParser",
    ),
    "2.11": ("airflow.configuration:AirflowConfigParser",),
}
SENSITIVE = "sensitive_config_values"
# What keeps a text out of Airflow's logs.
SECRETS_MASKERS = {
    "3.3": ("airflow._shared.secrets_masker:mask_secret", "airflow.sdk._shared.secrets_masker:mask_secret"),
    "2.11": ("airflow.utils.log.secrets_masker:mask_secret",),
}


def line() -> str:
    """Return the line of the running Airflow. Raises StartError for an Airflow that the Runtime does not support."""
    from airflow import __version__

    return line_of(__version__)


def hostname() -> str:
    """Return this host's name as Airflow records it. Source: `get_hostname` in airflow/utils/net.py."""
    from airflow.utils.net import get_hostname

    return str(get_hostname())


def metadata_engine() -> Any:
    """Return Airflow's own SQLAlchemy engine, which `airflow_local_settings.py` may have changed.

    Source: `initialize` in airflow/settings.py, which importing Airflow calls.
    """
    from airflow import settings

    if settings.engine is None:
        settings.initialize()
    return settings.engine


def add_sensitive_option(section: str, option: str) -> None:
    """Have Airflow read `_CMD` and `_SECRET` of an option that it does not know, and mask it wherever it masks its own.

    Airflow computes the set of such options again when it has loaded the providers' configuration, so what computes
    it is extended, rather than the set. Source: `sensitive_config_values` of `AirflowConfigParser`.
    """
    from airflow.configuration import conf

    for name in CONFIG_PARSERS[line()]:
        parser = resolve_name(name)
        setattr(parser, SENSITIVE, _extended(parser, (section, option)))
    conf.__dict__.pop(SENSITIVE, None)


def _extended(parser: Any, name: tuple[str, str]) -> Any:
    """Return the cached property of a parser's class whose set has one more option."""
    stock = getattr(parser, SENSITIVE).func
    extended = cached_property(lambda conf: {*stock(conf), name})
    extended.__set_name__(parser, SENSITIVE)
    return extended


def mask_secret(text: str) -> None:
    """Have Airflow's logs show `***` in the place of a text. Source: `mask_secrets` of `AirflowConfigParser`."""
    for name in SECRETS_MASKERS[line()]:
        resolve_name(name)(text)


def send_gauge(name: str, value: float) -> None:
    """Send a gauge with Airflow's own metrics client."""
    resolve_name(STATS[line()]).gauge(name, value)


def forget_cached_variable(key: str, team_name: str | None = None) -> None:
    """Remove a variable from the cache of secrets. Source: `invalidate_variable` of `SecretCache`."""
    team = {"team_name": team_name} if line() == "3.3" else {}
    resolve_name(SECRET_CACHES[line()]).invalidate_variable(key, **team)


def file_system(scheme: str, conn_id: str | None) -> Any:
    """Return the fsspec file system that the provider of `scheme` makes with a connection.

    Source: `get_fs` in airflow/sdk/io/fs.py, and in airflow/io/__init__.py of Airflow 2.
    """
    return resolve_name(FILE_SYSTEMS[line()])(scheme, conn_id)


def cli_parser() -> ArgumentParser:
    """Return the parser of the `airflow` command. Source: airflow/cli/cli_parser.py."""
    from airflow.cli.cli_parser import get_parser

    parser: ArgumentParser = get_parser()
    return parser


def before_command(callback: Callable[..., None]) -> None:
    """Call `callback` when this process's airflow command starts: Airflow's settings are complete then.

    Source: airflow/utils/cli_action_loggers.py.
    """
    from airflow.utils.cli_action_loggers import register_pre_exec_callback

    register_pre_exec_callback(callback)


def airflow_tables_current() -> bool:
    """Whether Airflow's own tables are at their newest revision. Source: `check_migrations` in airflow/utils/db.py."""
    from airflow.utils.db import _configured_alembic_environment

    with _configured_alembic_environment() as alembic:
        return set(alembic.script.get_heads()) == set(alembic.get_context().get_current_heads())


def provider_tables_current() -> bool:
    """Whether the tables that providers migrate are at their newest revision. Source: airflow/utils/db_manager.py."""
    from airflow.utils.db_manager import RunDBManager
    from airflow.utils.session import create_session

    with create_session() as session:
        return bool(RunDBManager().check_migration(session))


# Airflow 2 keeps FAB's users in its own tables.
MIGRATION_CHECKS: Mapping[str, tuple[Callable[[], bool], ...]] = {
    "3.3": (airflow_tables_current, provider_tables_current),
    "2.11": (airflow_tables_current,),
}


def is_migrated() -> bool:
    """Whether every table in the metadata database is at its newest revision."""
    return all(is_current() for is_current in MIGRATION_CHECKS[line()])


def airflow_tables_ahead() -> bool:
    """Whether Airflow's own tables have a revision that this image does not have. Source: airflow/utils/db.py."""
    from airflow.utils.db import _configured_alembic_environment

    with _configured_alembic_environment() as alembic:
        return not _revisions(alembic.script).issuperset(alembic.get_context().get_current_heads())


def provider_tables_ahead() -> bool:
    """Whether the tables of a provider have a revision that this image does not have.

    Source: `check_migration` of `BaseDBManager` in airflow/utils/db_manager.py.
    """
    from airflow.utils.db_manager import RunDBManager
    from airflow.utils.session import create_session

    with create_session() as session:
        managers = [manager(session) for manager in RunDBManager()._managers]  # type: ignore[operator]
        return any(
            (current := manager.get_current_revision())
            and current not in _revisions(manager.get_script_object())
            for manager in managers
        )


def _revisions(script: Any) -> set[str]:
    return {revision.revision for revision in script.walk_revisions()}


AHEAD_CHECKS: Mapping[str, tuple[Callable[[], bool], ...]] = {
    "3.3": (airflow_tables_ahead, provider_tables_ahead),
    "2.11": (airflow_tables_ahead,),
}


def schema_state() -> str:
    """Return whether the tables are at this image's newest revision: `current`, `behind` or `ahead`.

    They are ahead if a newer image has migrated some of them.
    """
    if is_migrated():
        return "current"
    return "ahead" if any(is_ahead() for is_ahead in AHEAD_CHECKS[line()]) else "behind"


def executor_paths() -> list[str]:
    """Return the import paths of the configured executors. Source: airflow/executors/executor_loader.py."""
    from airflow.executors.executor_loader import ExecutorLoader

    return [name.module_path for name in ExecutorLoader.get_executor_names()]


def celery_app() -> Any:
    """Return Airflow's Celery application. Raises ImportError if the provider is not installed."""
    from airflow.providers.celery.executors.celery_executor_utils import app

    return app


def sent_task_ids(executor: Any) -> set[str]:
    """Return the Celery ids of the tasks that a CeleryExecutor counts as running.

    Source: `workloads` in the provider's celery_executor.py; it is `tasks` in older releases of the provider.
    """
    results = getattr(executor, "workloads", None) or getattr(executor, "tasks", {})
    return {result.task_id for result in results.values()}


def running_count(executor: Any) -> int:
    """Return how many tasks an executor counts as running. Source: `running` in airflow/executors/base_executor.py."""
    return len(executor.running)


def is_celery_overridden() -> bool:
    """Whether this process has called `override_celery_executor`."""
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor

    return isinstance(CeleryExecutor.__dict__.get("parallelism"), OverriddenAttribute)


def override_celery_executor(parallelism: Adjust, on_start: Callable[[Any], None]) -> None:
    """Let CeleryExecutor use `parallelism(configured)`, and call `on_start(executor)` when it has started.

    The scheduler calls `start` before it runs tasks. Source: the provider's celery_executor.py.
    """
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor

    original_start = CeleryExecutor.start

    def start(executor: Any) -> None:
        original_start(executor)
        on_start(executor)

    CeleryExecutor.parallelism = OverriddenAttribute("parallelism", parallelism)
    CeleryExecutor.start = start


def sum_hybrid_slots() -> None:
    """Give CeleryKubernetesExecutor the free slots of both its parts, so that no pod waits for a Celery worker.

    Airflow counts only the Celery part. Tasks beyond its limit wait in that executor.
    """
    from airflow.providers.celery.executors import celery_kubernetes_executor

    celery_kubernetes_executor.CeleryKubernetesExecutor.slots_available = property(
        lambda hybrid: hybrid.celery_executor.slots_available + hybrid.kubernetes_executor.slots_available
    )


def scheduler_runner() -> ModuleType | None:
    """Return the module of the scheduler's loop if this process has imported it, which only a scheduler does."""
    return sys.modules.get("airflow.jobs.scheduler_job_runner")


def override_scheduler_parallelism(runner: ModuleType, adjust: Adjust) -> None:
    """Let the scheduler's loop use `adjust(parallelism)` as its limit over all executors.

    Source: airflow/jobs/scheduler_job_runner.py. Airflow 3 reads `SchedulerJobRunner._parallelism`, set at start;
    Airflow 2 calls `conf.getint("core", "parallelism")` in every loop.
    """
    SCHEDULER_OVERRIDES[line()](runner, adjust)


class OverriddenAttribute:
    """A data descriptor: keeps the value that Airflow sets and returns `adjust(value)` to whoever reads it."""

    def __init__(self, name: str, adjust: Adjust) -> None:
        self.name = name
        self.adjust = adjust

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        if self.name not in instance.__dict__:
            raise AttributeError(self.name)  # like any attribute that is not set yet
        return self.adjust(instance.__dict__[self.name])

    def __set__(self, instance: Any, value: int) -> None:
        instance.__dict__[self.name] = value


class ParallelismConf:
    """Airflow's `conf`, except that `[core] parallelism` is adjusted."""

    def __init__(self, original: Any, adjust: Adjust) -> None:
        self._original = original
        self._adjust = adjust

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def getint(self, section: str, key: str, *args: Any, **options: Any) -> int:
        """Return what `conf.getint` returns; parallelism is adjusted."""
        value: int = self._original.getint(section, key, *args, **options)
        return self._adjust(value) if (section, key) == ("core", "parallelism") else value


def _override_attribute(runner: ModuleType, adjust: Adjust) -> None:
    runner.SchedulerJobRunner._parallelism = OverriddenAttribute("_parallelism", adjust)


def _override_conf(runner: ModuleType, adjust: Adjust) -> None:
    runner.conf = ParallelismConf(runner.conf, adjust)  # type: ignore[attr-defined]


SCHEDULER_OVERRIDES = {"3.3": _override_attribute, "2.11": _override_conf}
