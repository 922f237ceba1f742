"""What of the operator's own decides over logins, so that the identity provider has no effect."""

from __future__ import annotations

import re
from typing import Any

from entrypoint.identity import AIRFLOW_MANAGERS, RUNTIME_MANAGER

# A line of webserver_config.py that sets up another login than FAB's own; Airflow 2's web server knows for certain.
OWN_LOGIN = re.compile(
    r"^(?:(SECURITY_MANAGER_CLASS)\s*=(?!\s*None\b)|(AUTH_TYPE)\s*=(?!\s*AUTH_DB\b))", re.MULTILINE
)
MAX_CHARACTERS = 1_000_000


def is_runtimes(manager: str) -> bool:
    """Whether a class path is that of the Runtime's auth manager."""
    return manager in RUNTIME_MANAGER.values()


def own_login(conf: Any, line: str) -> str:
    """Return what of the operator's own decides over logins, for a message; empty if nothing does."""
    manager = conf.get("core", "auth_manager", fallback="")
    if not is_runtimes(manager) and not any(manager in stock for stock in AIRFLOW_MANAGERS.values()):
        return f"[core] auth_manager = {manager}"
    return _in_webserver_config(conf) if line == "2.11" else ""


def _in_webserver_config(conf: Any) -> str:
    path = conf.get("webserver", "config_file", fallback="")
    try:
        with open(path, encoding="utf-8") as file:
            match = OWN_LOGIN.search(file.read(MAX_CHARACTERS))
    except (OSError, ValueError):
        return ""
    return f"{match[1] or match[2]} in {path}" if match else ""
