"""Which options the operator has set; Airflow's own `has_option` counts its defaults, too."""

from __future__ import annotations

import os
from configparser import ConfigParser


def is_set(section: str, option: str) -> bool:
    """Whether the environment or airflow.cfg sets an option that Airflow reads from nowhere else.

    From a command or a secrets backend, Airflow reads its `sensitive_config_values` only.
    """
    from airflow.configuration import conf

    variable = f"AIRFLOW__{section}__{option}".upper()
    return variable in os.environ or ConfigParser.has_option(conf, section, option)
