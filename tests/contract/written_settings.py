"""Settings as an operator may write them for the health check, and that it reads them as Airflow does."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint import config_file
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from tests.contract.oracle import Oracle, replaced_environ

COMMENTS = ("", " # TLS", "  # on", "#", " ; no comment", " #a # b")
WORDS = (
    "True",
    "true",
    "TRUE",
    " t ",
    "1",
    "False",
    "f",
    "0",
    "yes",
    "on",
    "",
    "None",
    "$SWITCH",
    "%(other)s",
    "%%",
)
TEXTS = ("/certs/a.pem", "", "$HOME/b.pem", "~/c.pem", "a#b", "a # b", " x ", "%(other)s", "100%%")
BOOLEANS = ("ssl_active", "ssl_mutual_tls", "worker_enable_remote_control")
Name = tuple[str, str]


class Written:
    """Settings in the environment and in airflow.cfg."""

    def __init__(self, home: Path, environ: Mapping[str, str], cfg: Mapping[Name, str]) -> None:
        self.path = home / "airflow.cfg"
        sections = sorted({section for section, _ in cfg})
        lines = [line for section in sections for line in section_lines(section, cfg)]
        self.path.write_text("\n".join(lines))
        base = {"PATH": os.environ["PATH"], "HOME": "/users/me", "AIRFLOW_HOME": str(home)}
        self.environ = {**base, "SWITCH": "True", "NUMBER": "40", **environ}

    def health(self) -> HealthSettings:
        return HealthSettings(
            self.environ, config_file.read_config(str(self.path)), LINE, ("celery", "worker")
        )


def section_lines(section: str, cfg: Mapping[Name, str]) -> list[str]:
    options = [f"{option} = {text}" for (name, option), text in cfg.items() if name == section]
    return [f"[{section}]", "other = true", *options, ""]


def variables(values: Mapping[Name, str]) -> dict[str, str]:
    return {ConfigOption(*name).variable: text for name, text in values.items()}


def outcome(read: Callable[[], Any]) -> Any:
    """Return what `read` returns, or the word for an error."""
    try:
        return read()
    except Exception:  # Airflow and the check have errors of their own
        return "error"


def examples(request: pytest.FixtureRequest) -> settings:
    return settings(
        max_examples=int(request.config.getoption("states")), suppress_health_check=list(HealthCheck)
    )


def values(names: tuple[Name, ...], *texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[Name, str]]:
    return st.dictionaries(st.sampled_from(names), st.one_of(*texts), max_size=4)


SWITCHES = st.builds(str.__add__, st.sampled_from(WORDS), st.sampled_from(COMMENTS))


def assert_same(
    oracle: Oracle, written: Written, ours: Callable[[HealthSettings], Any], airflows: Callable[[Any], Any]
) -> None:
    """The check reads what Airflow reads. Where Airflow cannot use the text, the check may do as it likes."""
    with replaced_environ(written.environ), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle.load(written.path)
        expected = outcome(lambda: airflows(oracle.conf))
        try:
            result = ours(written.health())
        except (UnhealthyError, UnknownHealthError, StartError, ValueError):
            result = "error"
    assert expected == "error" or result == expected
