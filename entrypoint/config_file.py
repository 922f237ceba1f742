"""Reads airflow.cfg as Airflow's ConfigParser does, without the 10 ms that importing configparser takes.

The scanner handles the lines that almost every airflow.cfg consists of. Whatever it cannot vouch for (a
duplicate, a line outside a section, an interpolated value) goes to configparser, so the result is always Airflow's.
"""

from __future__ import annotations

from entrypoint.config_values import expand
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LENGTH = 16 * 1024 * 1024  # characters; the file that Airflow generates has 150,000
GENERATED_MARK = "# Variable: "  # Airflow writes this above each option of a file that it generates


class AirflowCfg:
    """The options of one airflow.cfg: `{section: {option: raw value}}`, and which of them Airflow generated."""

    def __init__(
        self, path: str, sections: dict[str, dict[str, str]], generated: frozenset[tuple[str, str]]
    ) -> None:
        self.path = path
        self._sections = sections
        self._generated = generated

    def get(self, section: str, option: str) -> str | None:
        """Return the value as `ConfigParser.get` would, or None if `has_option` would be false."""
        if section not in self._sections or section == "DEFAULT":
            return None
        inherited = self._sections.get("DEFAULT", {}).get(option)
        raw = self._sections[section].get(option, inherited)
        if raw is None or "%" not in raw:
            return raw
        from entrypoint.configparser_fallback import interpolate

        return interpolate(self.path, section, option)

    def options(self, section: str) -> list[str]:
        """Return the names of a section's options, as `ConfigParser.options` would; none if there is no section."""
        if section not in self._sections or section == "DEFAULT":
            return []
        return list({**self._sections.get("DEFAULT", {}), **self._sections[section]})

    def is_generated(self, name: ConfigOption) -> bool:
        """Whether the option has the form in which Airflow generates its own airflow.cfg.

        Source: `AirflowConfigParser.write(include_env_vars=True)`, which
        `write_default_airflow_configuration_if_needed` calls if there is no file.
        """
        return (name.section, name.option) in self._generated


def config_path(environ: Mapping[str, str]) -> str:
    """Return the path of airflow.cfg: AIRFLOW_CONFIG, or airflow.cfg in AIRFLOW_HOME (default: ~/airflow)."""
    path = environ.get("AIRFLOW_CONFIG")
    if path is not None:
        return expand(path, "AIRFLOW_CONFIG")
    folder = airflow_home(environ)
    return f"{folder}/airflow.cfg" if folder else "airflow.cfg"


def airflow_home(environ: Mapping[str, str]) -> str:
    """Return AIRFLOW_HOME, or `~/airflow` if it is not set."""
    return expand(environ.get("AIRFLOW_HOME", "~/airflow"), "AIRFLOW_HOME")


def read_config(path: str) -> AirflowCfg:
    """Read the file at `path`; a missing file has no options.

    Raises StartError if the file is not readable (Airflow would silently go on without it), not text, longer than
    MAX_LENGTH, or not INI (Airflow would end with a traceback).
    """
    try:
        with open(path) as file:
            text = file.read(MAX_LENGTH + 1)
    except (FileNotFoundError, NotADirectoryError):
        return AirflowCfg(path, {}, frozenset())
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    if len(text) > MAX_LENGTH:
        raise StartError(f"{path} cannot be read: it has more than {MAX_LENGTH >> 20} MiB")
    scanned = scan(text)
    if scanned is not None:
        return AirflowCfg(path, *scanned)
    from entrypoint.configparser_fallback import parse_sections

    return AirflowCfg(path, parse_sections(path), frozenset())


def scan(text: str) -> tuple[dict[str, dict[str, str]], frozenset[tuple[str, str]]] | None:  # noqa: C901
    """Split `text` into sections and options, and the options that Airflow generated; None for configparser's cases.

    One loop over every line, because calls would double its time.
    """
    sections: dict[str, dict[str, str]] = {}
    options: dict[str, str] = {}
    generated = set()
    section = option = mark = ""
    indent = blanks = 0
    for line in text.split("\n"):
        body = line.strip()
        if not body:
            blanks += 1
            continue
        first = body[0]
        if first in "#;":
            if body.startswith(GENERATED_MARK):
                mark = body[len(GENERATED_MARK) :]
            continue
        column = 0 if line[0] == first else line.index(first)
        if column > indent and option:
            options[option] += "\n" * (blanks + 1) + body
            blanks = 0
            continue
        indent = column
        blanks = 0
        if first == "[" and body.rfind("]") > 1:
            section, option = body[1 : body.rfind("]")], ""
            if section in sections and section != "DEFAULT":
                return None
            options = sections.setdefault(section, {})
            continue
        option, delimiter, value = body.partition("=")
        if not delimiter or ":" in option:
            option, delimiter, value = body.partition(":")
        option = option.rstrip()
        if option in options or not (option and delimiter and section):
            return None
        options[option] = value.lstrip()
        if mark:
            if mark == ConfigOption(section, option).variable:
                generated.add((section, option))
            mark = ""
    return sections, frozenset(generated)
