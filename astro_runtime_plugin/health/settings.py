"""Airflow's settings for the health check, read as the entrypoint reads them, without Airflow."""

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
    """The check cannot determine whether the component is healthy, so it counts as healthy while it runs."""


@dataclass(frozen=True)
class HealthSettings:
    """The settings in an environment and its airflow.cfg, and the component's airflow subcommand."""

    environ: Mapping[str, str]
    cfg: AirflowCfg
    line: str
    subcommand: Sequence[str]

    def get(self, section: str, option: str, default: str, *older_names: ConfigOption) -> str:
        """Return a setting's value, under its name or an older one, or `default` if it is not set."""
        override = find_override((ConfigOption(section, option), *older_names), self.environ, self.cfg)
        return override.text.strip() if override else default

    def number(self, section: str, option: str, default: float) -> float:
        """Return a number. Raises UnhealthyError if the setting is not a number."""
        text = self.get(section, option, str(default))
        try:
            return float(text)
        except ValueError:
            raise UnhealthyError(f"[{section}] {option} holds {text!r}; it must be a number") from None

    def is_on(self, section: str, option: str, default: str) -> bool:
        """Return whether a boolean setting has one of the values that Airflow takes for true."""
        return self.get(section, option, default).lower() in ("true", "t", "1")

    def url(self, need: str) -> str:
        """Return the URL of the database or the broker. Raises UnknownHealthError if only a secrets backend has it."""
        location, url = connection_url(need, self.environ, self.cfg)
        if url is None:
            raise UnknownHealthError(f"{location} names a secret, which only Airflow can look up")
        return url.strip()

    def command_line_option(self, *names: str) -> str | None:
        """Return the value of a command line option: `--port 80`, `--port=80`, `-p 80`, `-p80`."""
        for index, word in enumerate(self.subcommand):
            name, equals, value = word.partition("=")
            if name in names and equals:
                return value
            if word in names and index + 1 < len(self.subcommand):
                return self.subcommand[index + 1]
            if word[:2] in names and not word.startswith("--"):
                return word[2:]
        return None

    def import_attribute(self, path: str) -> Any:
        """Return the object at `path.to.attribute`; the operator's own folders are on the path, as in Airflow."""
        home = config_file.airflow_home(self.environ)
        plugins = self.get("core", "plugins_folder", f"{home}/plugins")
        sys.path += [folder for folder in (f"{home}/config", plugins) if folder not in sys.path]
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def read_settings(environ: Mapping[str, str], subcommand: Sequence[str]) -> HealthSettings:
    """Read airflow.cfg. Raises StartError if that fails."""
    return HealthSettings(
        environ,
        config_file.read_config(config_file.config_path(environ)),
        line_of(installed_airflow()),
        subcommand,
    )
