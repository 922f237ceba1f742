"""Runs the module that prints a table of the installed line, in a process with an Airflow home of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from testing.auth_managers import FAB
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.installed_line import LINE

AIRFLOW = {"3.3": "airflow3", "2.11": "airflow2"}[LINE]
STOCK, RUNTIME = "stock", "runtime"
AUTH_MANAGERS = {
    STOCK: FAB,
    RUNTIME: f"astro_runtime_plugin.identity.{AIRFLOW}.auth_manager.RuntimeAuthManager",
}
MEMORY = Path("/dev/shm")  # thousands of commits are faster there
KEY = "key-of-the-table-route-by-role"
ENVIRON = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__FERNET_KEY": "",
    "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    "AIRFLOW__API__EXPOSE_CONFIG": "True",
    "AIRFLOW__API__SECRET_KEY": KEY,
    "AIRFLOW__API_AUTH__JWT_SECRET": KEY * 3,
    "AIRFLOW__WEBSERVER__EXPOSE_CONFIG": "True",
    "AIRFLOW__WEBSERVER__SECRET_KEY": KEY,
    "AIRFLOW__WEBSERVER__SESSION_BACKEND": "securecookie",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    "AIRFLOW__LOGGING__FAB_LOGGING_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore",
}
PROVIDER = {
    "AIRFLOW__ASTRO_RUNTIME__OIDC_ISSUER": "https://provider.example.com",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_ID": "airflow",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_ROLES": '{"claim": "roles", "Admin": ["admin"]}',
}


def ask_all(manager: str) -> dict[str, str]:
    """Return the marks of every route with an auth manager, STOCK or RUNTIME; RuntimeError has what went wrong."""
    chosen = {
        "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGERS[manager],
        **(PROVIDER if manager == RUNTIME else {}),
    }
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as home:
        (Path(home) / "airflow.cfg").touch()
        process = subprocess.run(
            [sys.executable, "-m", f"testing.identity.route_roles.{AIRFLOW}_{manager}"],
            env=isolated_environment(Path(home), **ENVIRON, **chosen),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        raise RuntimeError(process.stderr[-5000:])
    marks: dict[str, str] = json.loads(process.stdout.splitlines()[-1])
    return marks
