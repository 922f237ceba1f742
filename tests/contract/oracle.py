"""Airflow's own `conf` as the oracle: what it makes of a state, with nothing of the Runtime's code in between."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from entrypoint.defaults import TABLE, WORKER_CONCURRENCY, WORKER_QUEUES, Setting
from entrypoint.names import Name, Variable
from tests.lines import LINE

NOT_SET = object()
# What ExecutorLoader remembers of the executors that it has seen.
CACHES = (
    "_executor_names",
    "_team_name_to_executors",
    "_alias_to_executors_per_team",
    "_module_to_executors_per_team",
    "_classname_to_executors_per_team",
)
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
    """The parsers of Airflow and of the Task SDK, each built once and filled anew for every state."""

    def __init__(self) -> None:
        with environment(os.environ):  # importing Airflow runs the startup hook, which exports defaults
            import airflow.settings  # noqa: F401
            from airflow.configuration import conf
            from airflow.sdk.configuration import conf as sdk
        self.conf: Any = conf
        self.parsers: tuple[Any, ...] = (conf, sdk)

    def load(self, path: Path | None) -> None:
        """Read airflow.cfg at `path`, or none, into every parser."""
        for parser in self.parsers:
            parser.remove_all_read_configurations()
            parser.defaults().clear()
            if path:
                parser.read(str(path))

    def number(self, setting: Setting, name: Name, parser: Any = None) -> float:
        """Read the setting as its readers do: `getint` or `getfloat`."""
        read = getattr(parser or self.conf, f"get{setting.number.__name__}")
        return float(read(name.section, name.option))

    def is_set(self, name: Name) -> bool:
        """Whether anything but a default layer (Airflow's or a provider's) answers for the setting."""
        with patch.object(self.conf, "get_default_value", return_value=NOT_SET):
            return self.conf.get(name.section, name.option) is not NOT_SET

    def expected(self, environ: Mapping[str, str], operators: Path | None) -> list[Expected]:
        """Say for each row what the override contract asks for, where the operator has set `environ` and a file."""
        with environment(environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.load(None)
            in_environment = {name for setting in TABLE for name in self._set(setting)}
            self.load(operators)
            self.conf._validate_deprecated_values()  # as `airflow.configuration` does when it is imported
            return [self._expected(setting, in_environment) for setting in TABLE]

    def _set(self, setting: Setting) -> dict[Name | Variable, float]:
        """Return what counts of the operator's values: what Airflow reads, else every carried name that is set."""
        newest = setting.spellings[LINE].names[0]
        if self.is_set(newest):
            return {newest: self.number(setting, newest)}
        carried = {name: self._carried(setting, name) for name in setting.spellings[LINE].carried}
        return {name: value for name, value in carried.items() if value is not None}

    def _carried(self, setting: Setting, name: Name | Variable) -> float | None:
        if isinstance(name, Name):
            return self.number(setting, name) if self.is_set(name) else None
        held = os.environ.get(name.variable)
        return None if held is None else float(os.path.expandvars(os.path.expandvars(held)))

    def _expected(self, setting: Setting, in_environment: set[Name | Variable]) -> Expected:
        counts = self._set(setting)
        if counts:
            value = max(counts.values())
            winners = [name for name in counts if counts[name] == value]
            places = ["environment" if name in in_environment else "airflow.cfg" for name in winners]
            return Expected(value, frozenset(f"operator {place}" for place in places))
        if setting.default is not None:
            return Expected(float(setting.default), frozenset({"Runtime"}))
        worked_out = self._worked_out()
        if worked_out is None:
            return Expected(float(setting.stock), frozenset({"Airflow"}))
        return Expected(worked_out, frozenset({"Runtime"}))

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
        names = executor_loader.ExecutorLoader.get_executor_names(validate_teams=False)
        return {name.module_path for name in names}
