"""A remote log store in a folder, as Airflow expects one; its first two uploads fail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG

LOGGING_CONFIG = DEFAULT_LOGGING_CONFIG
HOME = Path(os.environ["AIRFLOW_HOME"])
REQUESTS, STORE = HOME / "requests", HOME / "store"
FAILURES = 2


class FailingStore:
    """Fails as STORE_FAILURE says: `raises` an error, or `returns` False as the stores of Amazon and Google do."""

    processors = ()

    def upload(self, path: str, ti: Any = None) -> None:
        local = HOME / "logs" / path
        if self.write(local.read_text(), path):
            local.write_text("")

    def write(self, log: str, location: str) -> bool:
        with open(REQUESTS, "a") as requests:
            requests.write(f"{location}\n")
        if len(REQUESTS.read_text().splitlines()) > FAILURES:
            STORE.write_text(log)
            return True
        if os.environ["STORE_FAILURE"] == "raises":
            raise ConnectionError("the store is away")
        return False

    def read(self, relative_path: str, ti: Any) -> tuple[list[str], None]:
        return [], None


REMOTE_TASK_LOG = FailingStore()
