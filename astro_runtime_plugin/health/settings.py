"""Airflow's settings for the health check, read as Airflow's `conf` reads them, without Airflow."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from entrypoint import config_file
from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.config_file import AirflowCfg
from entrypoint.config_values import airflow_boolean
from entrypoint.connection_url import connection_url
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override

# By line and setting: the older name that Airflow still reads. Source: `deprecated_options` of each line's parser.
OLDER_NAMES = {
    "3.3": {
        ("api", "host"): ConfigOption("webserver", "web_server_host"),
        ("api", "port"): ConfigOption("webserver", "web_server_port"),
        ("api", "base_url"): ConfigOption("webserver", "base_url"),
        ("api", "ssl_cert"): ConfigOption("webserver", "web_server_ssl_cert"),
    },
    "2.11": {
        ("database", "sql_alchemy_schema"): ConfigOption("core", "sql_alchemy_schema"),
        ("database", "sql_alchemy_connect_args"): ConfigOption("core", "sql_alchemy_connect_args"),
    },
}
# By line and setting: the text that Airflow replaces by itself. Source: `deprecated_values` of each line's parser.
REPLACEMENTS = {"3.3": {}, "2.11": {("core", "hostname_callable"): (":", ".")}}


class UnhealthyError(Exception):
    """The component is not healthy; `str()` says why, in one line without a secret."""


class UnknownHealthError(Exception):
    """The check cannot determine whether the component is healthy, so it counts as healthy while it runs.

    `str()` says why, in one line without a secret.
    """


@dataclass(frozen=True)
class HealthSettings:
    """The settings in an environment and its airflow.cfg, and the component's airflow subcommand."""

    environ: Mapping[str, str]
    cfg: AirflowCfg
    line: str
    subcommand: Sequence[str]

    def get(self, section: str, option: str, default: str) -> str:
        """Return a setting's value, under its name or an older one, or `default` if it is not set."""
        older_name = OLDER_NAMES[self.line].get((section, option))
        names = (ConfigOption(section, option), *([older_name] if older_name else []))
        override = find_override(names, self.environ, self.cfg)
        old, new = REPLACEMENTS[self.line].get((section, option), ("", ""))
        text = override.text if override else default
        return text.replace(old, new) if old else text

    def number(self, section: str, option: str, default: float) -> float:
        """Return a number. Raises UnhealthyError if the setting is not a number."""
        text = self.get(section, option, str(default))
        try:
            return float(text)
        except ValueError:
            raise UnhealthyError(f"[{section}] {option} holds {text!r}; it must be a number") from None

    def is_on(self, section: str, option: str, default: str) -> bool:
        """Return a boolean as Airflow's `getboolean` does.

        Raises UnknownHealthError for text that Airflow does not accept either.
        """
        value = airflow_boolean(self.get(section, option, default))
        if value is None:
            raise UnknownHealthError(f"[{section}] {option} must be True or False")
        return value

    def url(self, need: str) -> str:
        """Return the URL of the database or the broker.

        Raises UnknownHealthError if only a secrets backend has it, or if the command that prints it fails: the
        component may have got it when it started.
        """
        try:
            location, url = connection_url(need, self.environ, self.cfg)
        except StartError as error:
            raise UnknownHealthError(str(error)) from None
        if url is None:
            raise UnknownHealthError(f"{location} names a secret, which only Airflow can look up")
        return url.strip()

    def command_line_option(self, *names: str) -> str | None:
        """Return the value of a command line option: `--port 80`, `--port=80`, `--po 80`, `-p 80`, `-p80`.

        The last one counts, as in Airflow.
        """
        value = None
        for index, word in enumerate(self.subcommand):
            name, equals, text = word.partition("=")
            if is_spelling(name, names) and equals:
                value = text
            elif is_spelling(word, names) and index + 1 < len(self.subcommand):
                value = self.subcommand[index + 1]
            elif word[:2] in names and word[2:] and not word.startswith("--"):
                value = word[2:]
        return value

    def extend_path(self) -> None:
        """Put the operator's own folders on the path, as Airflow does; the check itself runs isolated (-I)."""
        home = config_file.airflow_home(self.environ)
        folders = (
            *self.environ.get("PYTHONPATH", "").split(os.pathsep),
            self.get("core", "dags_folder", f"{home}/dags"),
            f"{home}/config",
            self.get("core", "plugins_folder", f"{home}/plugins"),
        )
        sys.path += [folder for folder in folders if folder and folder not in sys.path]

    def import_attribute(self, path: str) -> Any:
        """Return the object at `path.to.attribute`, which may be in one of the operator's own folders."""
        self.extend_path()
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def is_spelling(word: str, names: Sequence[str]) -> bool:
    """Return whether a word is one of an option's names; argparse also accepts the start of a long one."""
    return word in names or bool(re.match("--[a-z]", word) and any(name.startswith(word) for name in names))


def read_settings(environ: Mapping[str, str], subcommand: Sequence[str]) -> HealthSettings:
    """Read airflow.cfg. Raises StartError if that fails."""
    return HealthSettings(
        environ,
        config_file.read_config(config_file.config_path(environ)),
        line_of(installed_airflow()),
        subcommand,
    )
