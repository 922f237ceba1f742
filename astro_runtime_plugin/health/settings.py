"""Airflow's settings, as the health check needs them: read as the entrypoint reads them, without Airflow."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from entrypoint import config_file
from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.config_file import AirflowCfg
from entrypoint.connection_url import connection_url
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override


class UnhealthyError(Exception):
    """The component is not healthy; `str()` says why, in one line without a secret."""


class UnknownHealthError(Exception):
    """Nothing but the component itself can tell whether it is healthy, so it is while it runs."""


@dataclass(frozen=True)
class HealthSettings:
    """What is set in an environment and its airflow.cfg, and the words of the component's command line."""

    environ: Mapping[str, str]
    cfg: AirflowCfg
    line: str
    words: Sequence[str]

    def get(self, section: str, option: str, stock: str, *older: ConfigOption) -> str:
        """Return a setting's value, under its name or an older one; `stock` where it is not set."""
        found = find_override((ConfigOption(section, option), *older), self.environ, self.cfg)
        return found.text.strip() if found else stock

    def number(self, section: str, option: str, stock: float, *older: ConfigOption) -> float:
        """Return a setting that is a number. Raises UnhealthyError where it is none."""
        text = self.get(section, option, str(stock), *older)
        try:
            return float(text)
        except ValueError:
            raise UnhealthyError(f"[{section}] {option} holds {text!r}; it must be a number") from None

    def is_on(self, section: str, option: str, stock: str) -> bool:
        """Whether a switch is on, in Airflow's words for that."""
        return self.get(section, option, stock).lower() in ("true", "t", "1")

    def url(self, need: str) -> str:
        """Return the URL of the database or the broker. Raises UntoldError where only a secrets backend knows it."""
        where, url = connection_url(need, self.environ, self.cfg)
        if url is None:
            raise UnknownHealthError(f"{where} names a secret, which only Airflow can look up")
        return url.strip()

    def option(self, *names: str) -> str | None:
        """Return the value of a command line option: `--port 80`, `--port=80`, `-p 80`, `-p80`."""
        for at, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name in names and equals:
                return value
            if word in names and at + 1 < len(self.words):
                return self.words[at + 1]
            if word[:2] in names and not word.startswith("--"):
                return word[2:]
        return None

    def import_attribute(self, path: str) -> Any:
        """Return what `path.to.something` names, with the operator's own folders searched as Airflow does."""
        home = config_file.airflow_home(self.environ)
        plugins = self.get("core", "plugins_folder", f"{home}/plugins")
        sys.path += [folder for folder in (f"{home}/config", plugins) if folder not in sys.path]
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def read_settings(environ: Mapping[str, str], words: Sequence[str]) -> HealthSettings:
    """Read airflow.cfg. Raises StartError where it is not to be read."""
    return HealthSettings(
        environ,
        config_file.read_config(config_file.config_path(environ)),
        line_of(installed_airflow()),
        words,
    )
