"""Reads airflow.cfg as Airflow's ConfigParser does, without the 10 ms that importing configparser costs.

The scanner takes the lines that every airflow.cfg is made of. What it cannot vouch for (a duplicate, a line
outside a section, an interpolated value) is given to configparser itself, so the answer is always Airflow's.
"""

from __future__ import annotations

from entrypoint.config_values import expand
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

GENERATED_MARK = "# Variable: "  # Airflow writes this above each option of a file that it generates


# What configparser's errors mean.
_PERCENT = "has a % in its value, which must be written %%, or as in %(option)s name another option"
PARSE_ERRORS = {
    "MissingSectionHeaderError": "an option stands before the first [section]",
    "ParsingError": "a line is neither a [section] nor an option = value",
    "DuplicateSectionError": "stands in it twice",
    "DuplicateOptionError": "stands in it twice",
    "InterpolationSyntaxError": _PERCENT,
    "InterpolationMissingOptionError": _PERCENT,
    "InterpolationDepthError": _PERCENT,
}


class AirflowCfg:
    """The options of one airflow.cfg: `{section: {option: raw value}}`, and which ones Airflow wrote itself."""

    def __init__(
        self, path: str, sections: dict[str, dict[str, str]], generated: frozenset[tuple[str, str]]
    ) -> None:
        self.path = path
        self._sections = sections
        self._generated = generated

    def get(self, section: str, option: str) -> str | None:
        """Return the value as `ConfigParser.get` would, or None where `has_option` would say no."""
        if section not in self._sections or section == "DEFAULT":
            return None
        own = self._sections[section]
        raw = own.get(option, self._sections.get("DEFAULT", {}).get(option))
        return interpolated(self.path, section, option) if raw is not None and "%" in raw else raw

    def is_generated(self, name: ConfigOption) -> bool:
        """Whether the option stands in the form in which Airflow generates its own airflow.cfg.

        Source: `AirflowConfigParser.write(include_env_vars=True)`, which
        `write_default_airflow_configuration_if_needed` calls where no file is.
        """
        return (name.section, name.option) in self._generated


def config_path(environ: Mapping[str, str]) -> str:
    """Return the path of airflow.cfg: AIRFLOW_CONFIG, or airflow.cfg in AIRFLOW_HOME (~/airflow)."""
    named = environ.get("AIRFLOW_CONFIG")
    if named is not None:
        return expand(named, "AIRFLOW_CONFIG")
    folder = airflow_home(environ)
    return f"{folder}/airflow.cfg" if folder else "airflow.cfg"


def airflow_home(environ: Mapping[str, str]) -> str:
    """Return AIRFLOW_HOME, `~/airflow` where it is not set."""
    return expand(environ.get("AIRFLOW_HOME", "~/airflow"), "AIRFLOW_HOME")


def read_config(path: str) -> AirflowCfg:
    """Read the file at `path`; a file that is not there has no options.

    Raises StartError where it is not readable (Airflow would go on without it, and nobody would know), not text or
    not INI (Airflow would end with a traceback).
    """
    try:
        with open(path) as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return AirflowCfg(path, {}, frozenset())
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    scanned = scan(text)
    if scanned is None:
        return AirflowCfg(path, _parse(path), frozenset())
    return AirflowCfg(path, *scanned)


def scan(text: str) -> tuple[dict[str, dict[str, str]], frozenset[tuple[str, str]]] | None:  # noqa: C901
    """Split `text` into sections and options; None where only configparser can tell what it means.

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


def _parser(path: str):  # type: ignore[no-untyped-def]
    """Return configparser's own reading of the file, with Airflow's case-preserving options."""
    import configparser

    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path)
    except configparser.Error as error:
        raise StartError(
            f"{path} is not a configuration file that Airflow can read: {explain_error(error)}"
        ) from None
    return parser


def explain_error(error: Exception) -> str:
    """Say what is wrong and where, never what stands there, as configparser's message does: it may be a password."""
    section, option = getattr(error, "section", ""), getattr(error, "option", "")
    numbers = [number for number, _ in getattr(error, "errors", ())] or [getattr(error, "lineno", None)]
    lines = ", ".join(f"line {number}" for number in numbers if number)
    what = PARSE_ERRORS.get(type(error).__name__, "it cannot be parsed")
    return " ".join(filter(None, (section and f"[{section}]", option, what, lines and f"({lines})")))


def _parse(path: str) -> dict[str, dict[str, str]]:
    parser = _parser(path)
    own = {section: dict(parser._sections[section]) for section in parser.sections()}
    return {**own, "DEFAULT": dict(parser.defaults())}


def interpolated(path: str, section: str, option: str) -> str:
    """Return the value with `%(name)s` filled in and `%%` undone.

    Raises StartError where the interpolation fails, as Airflow's would.
    """
    import configparser

    parser = _parser(path)
    try:
        return str(parser.get(section, option))
    except configparser.Error as error:
        raise StartError(f"{path} cannot be read by Airflow: {explain_error(error)}") from None
