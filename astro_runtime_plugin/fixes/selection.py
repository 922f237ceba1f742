"""`[astro_runtime] fixes`: which fixes the operator has turned off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrypoint.config_values import airflow_boolean
from entrypoint.errors import bad_value

OPTION = "fixes"
ALL, NONE = "all", "none"


class Selection:
    """Which fixes are on.

    The text is `all` (the default), `none`, or ids to turn off, each with a minus sign before it: `-id, -other`.
    """

    def __init__(self, text: str | None) -> None:
        words = (text or ALL).replace(",", " ").split()
        self.none = any(word.lower() == NONE or airflow_boolean(word) is False for word in words)
        self.off = {word[1:] for word in words if word.startswith("-")}
        self.invalid = [word for word in words if not _is_valid(word)]

    def includes(self, fix_id: str) -> bool:
        """Whether a fix is on."""
        return not self.none and fix_id not in self.off

    def check(self, ids: frozenset[str]) -> None:
        """Raise StartError if a word of the text is neither an id with its sign nor a whole selection."""
        invalid = [*self.invalid, *(f"-{name}" for name in sorted(self.off - ids))]
        if invalid:
            must_be = (
                f"{ALL}, {NONE}, or fixes to turn off such as -stale-dags (`astro-runtime fixes` lists them)"
            )
            raise bad_value(f"[astro_runtime] {OPTION}", ", ".join(invalid), must_be)


def _is_valid(word: str) -> bool:
    return word.startswith("-") or word.lower() in (ALL, NONE) or airflow_boolean(word) is not None


def read_early_selection(environ: Mapping[str, str]) -> Selection:
    """Return the operator's selection before Airflow can be imported, with the entrypoint's reader of its settings.

    Raises StartError if airflow.cfg cannot be read.
    """
    from entrypoint.config_file import config_path, read_config
    from entrypoint.option_names import ConfigOption
    from entrypoint.overrides import find_override

    name = ConfigOption("astro_runtime", OPTION)
    override = find_override([name], environ, read_config(config_path(environ)))
    return Selection(override.text if override else None)


def read_selection(conf: Any) -> Selection:
    """Return the operator's selection."""
    from astro_runtime_plugin.options.section import read_option

    return Selection(read_option(conf, OPTION))
