"""The URLs of the metadata database and the broker come from where Airflow reads them, and are read alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from entrypoint import config_file
from entrypoint.command import BROKER, DATABASE
from entrypoint.connection_url import connection_url
from entrypoint.defaults import BROKER_URL, DATABASE_URL
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override
from entrypoint.record import CFG, COMMAND, ENVIRONMENT, SECRET
from tests.contract.oracle import Oracle, replaced_environ

URLS = [
    ({"": "url://$HOME/plain"}, {}, ENVIRONMENT),
    ({"_CMD": "echo url://$HOME/command"}, {}, COMMAND),
    ({"_SECRET": "path"}, {}, SECRET),
    ({"": "url://$HOME/plain", "_CMD": "echo url://$HOME/command"}, {"": "url://$HOME/file"}, ENVIRONMENT),
    ({"_CMD": "echo url://$HOME/command", "_SECRET": "path"}, {"": "url://$HOME/file"}, COMMAND),
    ({}, {"": "url://$HOME/file", "_cmd": "echo url://$HOME/command"}, CFG),
    ({}, {"_cmd": "echo url://$HOME/command", "_secret": "path"}, COMMAND),
    ({}, {"_secret": "path"}, SECRET),
]
BACKEND = "tests.contract.secrets_backend.Backend"


@pytest.mark.filterwarnings("ignore:The sql_alchemy_conn option in .core. has been moved")
@pytest.mark.parametrize("names", [DATABASE_URL, BROKER_URL], ids=lambda names: str(names[0]))
@pytest.mark.parametrize("index", [0, -1], ids=["newest", "oldest"])
@pytest.mark.parametrize(("in_environment", "in_file", "origin"), URLS)
def test_connection_url_matches_airflow(
    oracle: Oracle,
    tmp_path: Path,
    names: tuple[ConfigOption, ...],
    index: int,
    in_environment: dict[str, str],
    in_file: dict[str, str],
    origin: str,
) -> None:
    name = names[index]
    environ = {name.variable + suffix: text for suffix, text in in_environment.items()}
    path = tmp_path / "airflow.cfg"
    options = "".join(f"{name.option}{suffix} = {text}\n" for suffix, text in in_file.items())
    path.write_text(f"[{name.section}]\n{options}")
    cfg = config_file.read_config(str(path))
    override = find_override(names, environ, cfg, sensitive=True)
    assert override
    assert override.origin == origin
    base = {"PATH": os.environ["PATH"], "HOME": "/users/me", "AIRFLOW__SECRETS__BACKEND": BACKEND}
    with replaced_environ({**base, **environ}):
        oracle.load(path)
        airflow_url = oracle.conf.get(names[0].section, names[0].option)
        location, url = connection_url(DATABASE if names is DATABASE_URL else BROKER, environ, cfg)
    assert location == override.location
    # Only Airflow queries the secrets backend.
    assert url == (None if origin == SECRET else airflow_url)
