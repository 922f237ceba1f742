"""airflow.cfg through configparser, for the files and values that the scanner leaves to it.

Error messages say what is wrong and on which line, but never quote the file as configparser's do: it holds passwords.
"""

from __future__ import annotations

import configparser

from entrypoint.errors import StartError

_PERCENT = "has a % in its value; write %% for a percent sign, or %(option)s to refer to another option"
# What configparser's errors mean.
PARSE_ERRORS = {
    "MissingSectionHeaderError": "there is an option before the first [section]",
    "ParsingError": "a line is neither a [section] nor an option = value",
    "DuplicateSectionError": "occurs twice",
    "DuplicateOptionError": "occurs twice",
    "InterpolationSyntaxError": _PERCENT,
    "InterpolationMissingOptionError": _PERCENT,
    "InterpolationDepthError": _PERCENT,
}


def parse_sections(path: str) -> dict[str, dict[str, str]]:
    """Return `{section: {option: raw value}}`, with the inherited options in `DEFAULT`."""
    parser = _read(path)
    sections = {section: dict(parser._sections[section]) for section in parser.sections()}  # type: ignore[attr-defined]
    return {**sections, "DEFAULT": dict(parser.defaults())}


def interpolate(path: str, section: str, option: str) -> str:
    """Return the value with `%(name)s` replaced and `%%` unescaped.

    Raises StartError if the interpolation fails, as it would in Airflow.
    """
    try:
        return _read(path).get(section, option)
    except configparser.Error as error:
        raise StartError(f"{path} cannot be read by Airflow: {explain_error(error)}") from None


def explain_error(error: Exception) -> str:
    """Return what is wrong and where, without the text of the file."""
    section, option = getattr(error, "section", ""), getattr(error, "option", "")
    numbers = [number for number, _ in getattr(error, "errors", ())] or [getattr(error, "lineno", None)]
    lines = ", ".join(f"line {number}" for number in numbers if number)
    problem = PARSE_ERRORS.get(type(error).__name__, "it cannot be parsed")
    return " ".join(filter(None, (section and f"[{section}]", option, problem, lines and f"({lines})")))


def _read(path: str) -> configparser.ConfigParser:
    """Parse the file as Airflow does: option names keep their case."""
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path)
    except configparser.Error as error:
        raise StartError(
            f"{path} is not a configuration file that Airflow can read: {explain_error(error)}"
        ) from None
    return parser
