"""A log file's name is made with a template that is parsed once in a process, not for each name.

Airflow 2 parses `[logging] log_filename_template`, which Jinja compiles to Python, for each log that it opens or reads:
several times for each task.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch

ID = "costly-log-names"
TEMPLATES = 16  # an installation has one, and old runs have those of their time


def keep_templates(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Wrap `parse_template_string`, whose result depends on the text alone; rendering does not change it."""
    keep = lru_cache(TEMPLATES)(parse)

    @wraps(parse)
    def parse_once(template_string: str) -> Any:
        return keep(template_string)

    return parse_once


FIX = Fix(
    id=ID,
    title="A log file's name is made with a template that is parsed once in a process",
    symptom="Each task of Airflow 2 compiles one template several times, for the names of its log files.",
    issue="",
    ends="Airflow 2 is no longer maintained.",
    patches=(
        Patch(
            "airflow.utils.helpers",
            "parse_template_string",
            ("5063e80b29330eb7",),
            keep_templates,
            ("2.11",),
        ),
    ),
)
