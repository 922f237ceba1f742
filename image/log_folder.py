"""Prints the folder that Airflow writes its logs to, for clean-logs.sh; it does not import Airflow."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.config_file import airflow_home, config_path, read_config
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override

# Source: `deprecated_options` in `airflow/configuration.py` of 2.11; Airflow 3 has dropped the older name.
SECTIONS = {"3.3": ("logging",), "2.11": ("logging", "core")}


def log_folder(environ: Mapping[str, str], line: str) -> str:
    """Return `[logging] base_log_folder`, or its default if the operator has not set it. Raises StartError."""
    names = [ConfigOption(section, "base_log_folder") for section in SECTIONS[line]]
    override = find_override(names, environ, read_config(config_path(environ)))
    return override.text if override and override.text else default(environ)


def default(environ: Mapping[str, str]) -> str:
    """Return Airflow's default."""
    return f"{airflow_home(environ)}/logs"


if __name__ == "__main__":
    try:
        print(log_folder(os.environ, line_of(installed_airflow())))
    except StartError as error:
        print(f"clean-logs: {error}", file=sys.stderr)
        print(default(os.environ))
