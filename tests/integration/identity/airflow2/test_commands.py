"""Tests of Airflow 2's commands, and of the scheduler, with the provider's auth manager."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT
from testing.identity.live.home import create_home, home_environment
from testing.identity.live.site import identity_environment

NAMES = "--firstname L --lastname U --email l@example.com --password secret"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("commands") / "home"
    create_home(path)
    return path


def run(home: Path, *words: str) -> str:
    """Run a program through the entrypoint, while the provider is away; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "entrypoint", *words],
        env=home_environment(home, **identity_environment("http://127.0.0.1:1")),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No user yet created" not in done.stdout + done.stderr
    return done.stdout


def test_users_and_roles_can_still_be_managed(home: Path) -> None:
    commands = [
        "config get-value core auth_manager",
        "sync-perm",
        "roles create Finance",
        f"users create --username local --role Finance {NAMES}",
        "users list --output json",
        "roles list --output json",
    ]
    printed = run(home, "python", "-m", "testing.airflow_command", *commands)
    for text in ("airflow2.auth_manager.RuntimeAuthManager", '"local"', '"Finance"'):
        assert text in printed


def test_scheduler_runs(home: Path) -> None:
    run(home, "airflow", "scheduler", "--num-runs", "1")
