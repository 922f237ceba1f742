"""Time enough for a starved machine: a request to a provider of the tests is given up only after minutes.

As the module of a child process, it is the check of a web server's start with this patience.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from astro_runtime_plugin.identity.checks import start
from astro_runtime_plugin.identity.provider import http
from astro_runtime_plugin.identity.provider.key_cache import KeyCache

SECONDS = 300.0
INTERVAL = 24 * 60 * 60.0  # no renewal of keys that nobody asks for comes in between
SETTINGS = """from testing.identity.patience import be_patient

be_patient()
"""


def be_patient(set_attribute: Callable[[Any, str, Any], None] = setattr) -> None:
    """Give the requests of this process, and of the child that it starts for its check, SECONDS of time."""
    set_attribute(http, "TIMEOUT", SECONDS)
    set_attribute(http, "MAX_SECONDS", SECONDS)
    set_attribute(http, "_clients", {})  # one of before has its own time-outs
    set_attribute(KeyCache.__init__, "__defaults__", (INTERVAL,))
    set_attribute(KeyCache.renew_and_wait, "__defaults__", (SECONDS,))
    set_attribute(start, "SECONDS", SECONDS)
    set_attribute(start, "SPARE_SECONDS", SECONDS)
    set_attribute(start, "MODULE", __name__)


def write_patience(home: Path) -> None:
    """Give each process of the Airflow in `home` this patience: Airflow imports this file when it starts."""
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "airflow_local_settings.py").write_text(SETTINGS)


def main() -> None:
    """Answer with the findings of a start."""
    be_patient()
    from astro_runtime_plugin.identity.checks import start_process  # it takes SECONDS when it is imported

    start_process.main()
