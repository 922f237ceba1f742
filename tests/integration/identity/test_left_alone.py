"""An operator's own auth manager is left alone, and the web server, not other commands, says so in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from entrypoint.identity import LEFT_ALONE
from testing.auth_managers import FAB
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.installed_line import LINE

WEB_SERVER = {"3.3": "api-server", "2.11": "webserver"}[LINE]
MODULE = f"from {FAB.rpartition('.')[0]} import FabAuthManager\n\nclass OwnAuthManager(FabAuthManager):\n    pass\n"
THROUGH = {"entrypoint": ("-m", "entrypoint", "airflow"), "hook": ("-m", "airflow")}


@pytest.mark.parametrize(("command", "count"), [(WEB_SERVER, 1), ("scheduler", 0)])
def test_hook_says_it_in_the_web_server_only(tmp_path: Path, command: str, count: int) -> None:
    assert run(tmp_path, "hook", command).count(LEFT_ALONE) == count


def test_entrypoint_says_it_once(tmp_path: Path) -> None:
    output = run(tmp_path, "entrypoint", "version")
    assert output.count(LEFT_ALONE) == 1
    assert "AIRFLOW__CORE__AUTH_MANAGER=own_manager.OwnAuthManager" in output


def run(home: Path, way: str, command: str) -> str:
    """Return the output of an airflow command that ends at once, with a provider and an auth manager of one's own."""
    (home / "own_manager.py").write_text(MODULE)
    (home / "airflow.cfg").touch()
    environ = isolated_environment(
        home,
        AIRFLOW__CORE__AUTH_MANAGER="own_manager.OwnAuthManager",
        AIRFLOW__ASTRO_RUNTIME__OIDC_ISSUER="https://id.example.com",
        AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_ID="airflow",
        AIRFLOW__ASTRO_RUNTIME__OIDC_ROLES='{"claim": "groups", "Admin": ["admins"]}',
        PYTHONPATH=str(home),
    )
    words = [sys.executable, *THROUGH[way], command, *(["--help"] if command != "version" else [])]
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout
