"""Airflow's `conf` as the oracle: how it reads a configuration, without the Runtime's code in between."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from entrypoint.defaults import WORKER_CONCURRENCY, WORKER_QUEUES, SettingDefault
from entrypoint.option_names import ConfigOption, EnvOnlyName
from testing.installed_line import DEFAULTS, LINE
from tests.contract.config_strategies import names_of

NOT_SET = "the default layer was queried"
PARSERS = {
    "3.3": ("airflow.configuration", "airflow.sdk.configuration"),
    "2.11": ("airflow.configuration",),
}[LINE]
# The method with which `import airflow` changes the values that it has read.
AT_IMPORT = {"3.3": "_validate_deprecated_values", "2.11": "validate"}[LINE]
# Where ExecutorLoader caches executors.
CACHES = {
    "3.3": (
        "_executor_names",
        "_team_name_to_executors",
        "_alias_to_executors_per_team",
        "_module_to_executors_per_team",
        "_classname_to_executors_per_team",
    ),
    "2.11": ("_executor_names", "_alias_to_executors", "_module_to_executors", "_classname_to_executors"),
}[LINE]
EXECUTOR_NAMES: dict[str, bool] = {"3.3": {"validate_teams": False}, "2.11": {}}[LINE]
LOCAL = "airflow.executors.local_executor.LocalExecutor"


class Expected(NamedTuple):
    """The result that one setting must have: the number, and its origin; several if equal values compete."""

    value: float
    origins: frozenset[str]


@contextmanager
def replaced_environ(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace the environment of the process with `variables`."""
    previous = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(previous)


def _not_set(*_: object, **__: object) -> str:
    """Take the place of the default layer; a Mock would take a fifth of the contract's time."""
    return NOT_SET


class Oracle:
    """The parsers of Airflow and of the Task SDK, if there is one: built once, loaded for every configuration."""

    def __init__(self) -> None:
        with replaced_environ(os.environ):  # importing Airflow runs the startup hook, which exports defaults
            import airflow.settings  # noqa: F401
            from airflow.providers_manager import ProvidersManager

            ProvidersManager().initialize_providers_configuration()  # as every `airflow` command does
            self.parsers: list[Any] = [import_module(name).conf for name in PARSERS]
        self.conf = self.parsers[0]

    def load(self, path: Path | None) -> None:
        """Load airflow.cfg at `path`, or no file, into every parser."""
        for parser in self.parsers:
            parser.remove_all_read_configurations()
            parser.defaults().clear()
            if path:
                parser.read(str(path))

    def number(self, setting: SettingDefault, name: ConfigOption, parser: Any = None) -> float:
        """Read the setting as Airflow's code does, with `getint` or `getfloat`."""
        read = getattr(parser or self.conf, f"get{setting.number.__name__}")
        return float(read(name.section, name.option))

    def is_set(self, name: ConfigOption) -> bool:
        """Whether a layer other than the defaults of Airflow and its providers has the setting."""
        with patch.object(self.conf, "get_default_value", _not_set):
            return bool(self.conf.get(name.section, name.option) != NOT_SET)

    def effective(self, setting: SettingDefault, parser: Any = None) -> float:
        """Return what the scheduler uses: the largest value of the setting and of the names in `max_with`."""
        read = getattr(parser or self.conf, f"get{setting.number.__name__}")
        option_names = setting.names_by_line[LINE]
        others = [read(names[0].section, names[0].option, fallback=0) for names in option_names.max_with]
        return max([self.number(setting, option_names.names[0], parser), *map(float, others)])

    def expected(self, environ: Mapping[str, str], operator_cfg: Path | None) -> list[Expected]:
        """Return what the override contract demands of each row, for the operator's environment and airflow.cfg."""
        with replaced_environ(environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.load(None)
            in_environment = {
                name
                for setting in DEFAULTS
                for name in names_of(setting)
                if self._value(setting, name) is not None
            }
            self.load(operator_cfg)
            getattr(self.conf, AT_IMPORT)()
            return [self._expected(setting, in_environment) for setting in DEFAULTS]

    def _operator_values(self, setting: SettingDefault) -> dict[ConfigOption | EnvOnlyName, float]:
        """Return the operator's values under the names that Airflow reads, or else under the forwarded names."""
        option_names = setting.names_by_line[LINE]
        newest = option_names.names[0]
        others = self._values(setting, tuple(names[0] for names in option_names.max_with))
        if others or self.is_set(newest):
            return {newest: self.number(setting, newest), **others}
        return self._values(setting, option_names.forwarded)

    def _values(
        self, setting: SettingDefault, names: tuple[ConfigOption | EnvOnlyName, ...]
    ) -> dict[ConfigOption | EnvOnlyName, float]:
        values = {name: self._value(setting, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def _value(self, setting: SettingDefault, name: ConfigOption | EnvOnlyName) -> float | None:
        if isinstance(name, ConfigOption):
            return self.number(setting, name) if self.is_set(name) else None
        text = os.environ.get(name.variable)
        return None if text is None else float(os.path.expandvars(os.path.expandvars(text)))

    def _expected(self, setting: SettingDefault, in_environment: set[ConfigOption | EnvOnlyName]) -> Expected:
        values = self._operator_values(setting)
        if values:
            value = max(values.values())
            winners = [name for name in values if values[name] == value]
            if len(values) <= len(setting.names_by_line[LINE].max_with):
                value = max(value, 0)  # what is not set is 0
            return Expected(value, frozenset(self._origin(name, in_environment) for name in winners))
        if setting.default is not None:
            return Expected(float(setting.default), frozenset({"Runtime"}))
        calculated = self._parallelism()
        if calculated is None:
            return Expected(float(setting.airflow_default), frozenset({"Airflow"}))
        return Expected(calculated, frozenset({"Runtime"}))

    def _origin(
        self, name: ConfigOption | EnvOnlyName, in_environment: set[ConfigOption | EnvOnlyName]
    ) -> str:
        if name in in_environment:
            return "operator environment"
        return "operator airflow.cfg" if isinstance(name, ConfigOption) and self.is_set(name) else "Airflow"

    def _parallelism(self) -> float | None:
        concurrency = self.conf.getint(WORKER_CONCURRENCY.section, WORKER_CONCURRENCY.option)
        queues = self.conf.getjson(WORKER_QUEUES.section, WORKER_QUEUES.option) or []
        counts = ("worker_count", "max_worker_count", "min_worker_count")
        tasks = sum(
            next(queue[count] for count in counts if count in queue)
            * queue.get("worker_concurrency", concurrency)
            for queue in queues
        )
        if tasks:
            return float(tasks)
        return float(concurrency) if self._executors() == {LOCAL} else None

    def _executors(self) -> set[str]:
        from airflow.executors import executor_loader

        for cache in CACHES:
            getattr(executor_loader, cache).clear()
        names = executor_loader.ExecutorLoader.get_executor_names(**EXECUTOR_NAMES)
        return {name.module_path for name in names}
