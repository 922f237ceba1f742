"""Airflow's own `conf` as the oracle: what it makes of a state, with nothing of the Runtime's code in between."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from entrypoint.defaults import DEFAULTS, WORKER_CONCURRENCY, WORKER_QUEUES, SettingDefault
from entrypoint.option_names import ConfigOption, EnvOnlyName
from testing.installed_line import LINE
from tests.contract.config_strategies import names_of

NOT_SET = "the default layer has been asked"
PARSERS = {
    "3.3": ("airflow.configuration", "airflow.sdk.configuration"),
    "2.11": ("airflow.configuration",),
}[LINE]
# What `import airflow` does to the values that it has read.
AT_IMPORT = {"3.3": "_validate_deprecated_values", "2.11": "validate"}[LINE]
# What ExecutorLoader remembers of the executors that it has seen.
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
    """What must come out for one setting: the number, and the origin; several where equal values compete."""

    value: float
    origins: frozenset[str]


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment is `variables` and nothing else."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Oracle:
    """The parsers of Airflow and, where there is one, of the Task SDK: built once, filled anew for every state."""

    def __init__(self) -> None:
        with environment(os.environ):  # importing Airflow runs the startup hook, which exports defaults
            import airflow.settings  # noqa: F401
            from airflow.providers_manager import ProvidersManager

            ProvidersManager().initialize_providers_configuration()  # as every `airflow` command does
            self.parsers: list[Any] = [import_module(name).conf for name in PARSERS]
        self.conf = self.parsers[0]

    def load(self, path: Path | None) -> None:
        """Read airflow.cfg at `path`, or none, into every parser."""
        for parser in self.parsers:
            parser.remove_all_read_configurations()
            parser.defaults().clear()
            if path:
                parser.read(str(path))

    def number(self, setting: SettingDefault, name: ConfigOption, parser: Any = None) -> float:
        """Read the setting as its readers do: `getint` or `getfloat`."""
        read = getattr(parser or self.conf, f"get{setting.number.__name__}")
        return float(read(name.section, name.option))

    def is_set(self, name: ConfigOption) -> bool:
        """Whether anything but a default layer (Airflow's or a provider's) answers for the setting."""
        with patch.object(self.conf, "get_default_value", return_value=NOT_SET):
            return bool(self.conf.get(name.section, name.option) != NOT_SET)

    def effective(self, setting: SettingDefault, parser: Any = None) -> float:
        """Return what the scheduler takes: the largest of the setting and of the names joined to it."""
        read = getattr(parser or self.conf, f"get{setting.number.__name__}")
        spelling = setting.names_by_line[LINE]
        joined = [read(names[0].section, names[0].option, fallback=0) for names in spelling.max_with]
        return max([self.number(setting, spelling.names[0], parser), *map(float, joined)])

    def expected(self, environ: Mapping[str, str], operators: Path | None) -> list[Expected]:
        """Say for each row what the override contract asks for, where the operator has set `environ` and a file."""
        with environment(environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.load(None)
            in_environment = {
                name
                for setting in DEFAULTS
                for name in names_of(setting)
                if self._value(setting, name) is not None
            }
            self.load(operators)
            getattr(self.conf, AT_IMPORT)()
            return [self._expected(setting, in_environment) for setting in DEFAULTS]

    def _set(self, setting: SettingDefault) -> dict[ConfigOption | EnvOnlyName, float]:
        """Return what counts of the operator's values: what Airflow reads, else every carried name that is set."""
        spelling = setting.names_by_line[LINE]
        newest = spelling.names[0]
        joined = self._values(setting, tuple(names[0] for names in spelling.max_with))
        if joined or self.is_set(newest):
            return {newest: self.number(setting, newest), **joined}
        return self._values(setting, spelling.forwarded)

    def _values(
        self, setting: SettingDefault, names: tuple[ConfigOption | EnvOnlyName, ...]
    ) -> dict[ConfigOption | EnvOnlyName, float]:
        values = {name: self._value(setting, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def _value(self, setting: SettingDefault, name: ConfigOption | EnvOnlyName) -> float | None:
        if isinstance(name, ConfigOption):
            return self.number(setting, name) if self.is_set(name) else None
        held = os.environ.get(name.variable)
        return None if held is None else float(os.path.expandvars(os.path.expandvars(held)))

    def _expected(self, setting: SettingDefault, in_environment: set[ConfigOption | EnvOnlyName]) -> Expected:
        counts = self._set(setting)
        if counts:
            value = max(counts.values())
            winners = [name for name in counts if counts[name] == value]
            return Expected(value, frozenset(self._origin(name, in_environment) for name in winners))
        if setting.default is not None:
            return Expected(float(setting.default), frozenset({"Runtime"}))
        worked_out = self._worked_out()
        if worked_out is None:
            return Expected(float(setting.airflow_default), frozenset({"Airflow"}))
        return Expected(worked_out, frozenset({"Runtime"}))

    def _origin(
        self, name: ConfigOption | EnvOnlyName, in_environment: set[ConfigOption | EnvOnlyName]
    ) -> str:
        if name in in_environment:
            return "operator environment"
        return "operator airflow.cfg" if isinstance(name, ConfigOption) and self.is_set(name) else "Airflow"

    def _worked_out(self) -> float | None:
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
