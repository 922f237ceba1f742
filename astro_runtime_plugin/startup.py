"""The `airflow.policy` hook: the same defaults for a process that the entrypoint did not launch.

Airflow imports this module while it starts (`settings.initialize`), before it reads the settings of the table.
An exception here would end every airflow command, so whatever fails leaves Airflow as stock, with one warning.
"""

from __future__ import annotations

import logging
import os
from collections.abc import MutableMapping

log = logging.getLogger("astro_runtime")


def apply(environ: MutableMapping[str, str]) -> None:
    """Put the defaults and their record into `environ`, unless the entrypoint, or a parent's hook, has done so.

    Raises StartError where a value cannot work.
    """
    from entrypoint.origin import RECORD
    from entrypoint.settle import settle

    if environ.get(RECORD):
        return
    settled = settle(environ)
    environ.update(settled.environ)
    for setting in settled.settings:
        if setting.exported and setting.set_as:
            log.warning("%s", setting.line)


def apply_or_warn(environ: MutableMapping[str, str]) -> None:
    """Do what `apply` does, and say once why it could not be done."""
    try:
        apply(environ)
    except Exception as error:
        log.warning("Airflow starts without the Runtime's defaults: %s", error)


apply_or_warn(os.environ)
