"""Airflow treats `[astro_runtime] oidc_client_secret` as it treats a sensitive setting of its own, on each line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.identity.settings import IdentitySettings, read_settings
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from tests.contract.oracle import Oracle, replaced_environ
from tests.contract.test_urls import BACKEND, URLS

OURS = ConfigOption("astro_runtime", "oidc_client_secret")
AIRFLOWS = ConfigOption("core", "fernet_key")
HIDDEN = "< hidden >"
SECRET = "sesame-open-the-door"
# 2.11 hides no secret in a list.
HIDE_SENSITIVE = {"3.3": ["--show-values", "--hide-sensitive"], "2.11": []}[LINE]
CONFIG_LIST = ("-m", "airflow", "config", "list", *HIDE_SENSITIVE)
PROVIDER = {
    "AIRFLOW__ASTRO_RUNTIME__OIDC_ISSUER": "https://id.example.com",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_ID": "airflow",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_ROLES": "/etc/airflow/roles.json",
}
by_way = pytest.mark.parametrize(
    ("in_environment", "in_file"), [(in_environment, in_file) for in_environment, in_file, _ in URLS], ids=str
)


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/users/me",
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__SECRETS__BACKEND": BACKEND,
        **PROVIDER,
    }


def write_cfg(path: Path, in_file: dict[str, str]) -> Path:
    """Write an airflow.cfg in which both options are set in the same ways."""
    lines = [
        line
        for name in (OURS, AIRFLOWS)
        for line in (
            f"[{name.section}]",
            *(f"{name.option}{suffix} = {text}" for suffix, text in in_file.items()),
        )
    ]
    path.write_text("\n".join(lines))
    return path


def variables(in_environment: dict[str, str]) -> dict[str, str]:
    return {
        name.variable + suffix: text for name in (OURS, AIRFLOWS) for suffix, text in in_environment.items()
    }


@by_way
def test_value_is_read_as_airflow_reads_its_own(
    oracle: Oracle,
    tmp_path: Path,
    base: dict[str, str],
    in_environment: dict[str, str],
    in_file: dict[str, str],
) -> None:
    path = write_cfg(tmp_path / "airflow.cfg", in_file)
    with replaced_environ({**base, **variables(in_environment)}):
        oracle.load(path)
        value = oracle.conf.get(AIRFLOWS.section, AIRFLOWS.option)
        assert value.startswith("url://")
        assert [parser.get(OURS.section, OURS.option) for parser in oracle.parsers] == [value] * len(
            oracle.parsers
        )
        assert settings_of(oracle).client_secret == value.strip()


def settings_of(oracle: Oracle) -> IdentitySettings:
    settings = read_settings(oracle.conf)
    assert settings
    return settings


@by_way
def test_dictionary_hides_it_as_airflow_hides_its_own(
    oracle: Oracle,
    tmp_path: Path,
    base: dict[str, str],
    in_environment: dict[str, str],
    in_file: dict[str, str],
) -> None:
    """The configuration pages and the REST API show this dictionary."""
    path = write_cfg(tmp_path / "airflow.cfg", in_file)
    with replaced_environ({**base, **variables(in_environment)}):
        oracle.load(path)
        for parser, source, raw in product(oracle.parsers, (False, True), (False, True)):
            shown = parser.as_dict(display_sensitive=False, display_source=source, raw=raw)
            assert options(shown, OURS) == options(shown, AIRFLOWS)
            assert HIDDEN in str(options(shown, OURS)[""])


def options(shown: Any, name: ConfigOption) -> dict[str, Any]:
    """Return what a dictionary says of an option and its forms, by the form."""
    section = shown.get(name.section, {})
    return {
        option.removeprefix(name.option): value for option, value in section.items() if name.option in option
    }


def test_airflow_counts_it_among_its_sensitive_settings(oracle: Oracle) -> None:
    for parser in oracle.parsers:
        assert (OURS.section, OURS.option) in parser.sensitive_config_values
        assert (AIRFLOWS.section, AIRFLOWS.option) in parser.sensitive_config_values


def test_command_lists_it_as_it_lists_airflows_own(tmp_path: Path, base: dict[str, str]) -> None:
    write_cfg(tmp_path / "airflow.cfg", {"": SECRET})
    listed = run(CONFIG_LIST, base)
    [ours, airflows] = [
        [line.replace(name.option, "") for line in listed.splitlines() if line.startswith(name.option)]
        for name in (OURS, AIRFLOWS)
    ]
    assert ours == airflows
    assert ours


@pytest.mark.parametrize("suffix", ["", "_CMD"])
def test_logs_mask_it(tmp_path: Path, base: dict[str, str], suffix: str) -> None:
    (tmp_path / "airflow.cfg").touch()
    output = run(["-c", LOG_SECRET], {**base, OURS.variable + suffix: f"echo {SECRET}" if suffix else SECRET})
    assert "the secret is ***" in output
    assert "the settings are IdentitySettings(" in output
    assert SECRET not in output


def run(words: Sequence[str], base: dict[str, str]) -> str:
    environ = {**base, "AIRFLOW__SECRETS__BACKEND": ""}
    done = subprocess.run([sys.executable, *words], env=environ, capture_output=True, text=True, check=True)
    return done.stdout


MASKER = {"3.3": "airflow._shared.secrets_masker", "2.11": "airflow.utils.log.secrets_masker"}[LINE]
LOG_SECRET = f"""
import airflow.settings
from airflow.configuration import conf
from astro_runtime_plugin.identity.settings import read_settings
from {MASKER} import redact
settings = read_settings(conf)
print(redact("the secret is " + settings.client_secret))
print("the settings are", settings)
"""
