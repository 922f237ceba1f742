"""How `make run` combines its settings and secrets with the user's airflow.cfg and environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from dev.run import config
from dev.run.home import write_private
from dev.run.profiles import PROFILE
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from testing.operator_home import load_cfg, mode, operator_environment

FERNET = "AIRFLOW__CORE__FERNET_KEY"
LAST, OTHERS = {  # the last of the other secrets, and the variables of them all
    "3.3": (
        ConfigOption("api_auth", "jwt_secret"),
        {"AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"},
    ),
    "2.11": (ConfigOption("webserver", "secret_key"), {"AIRFLOW__WEBSERVER__SECRET_KEY"}),
}[LINE]


def test_no_two_homes_share_a_secret(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    files = [load_cfg(home) for home in homes]
    for names in config.SECRETS:
        first, second = (file.get(names[0].section, names[0].option) for file in files)
        assert first
        assert second
        assert first != second


def test_generated_airflow_cfg_lacks_no_secret(tmp_path: Path) -> None:
    assert config.missing_secrets(tmp_path, operator_environment(tmp_path), load_cfg(tmp_path)) == {}


def test_secret_missing_from_airflow_cfg_is_generated_and_kept(tmp_path: Path) -> None:
    cfg = load_cfg(tmp_path, f"[core]\nfernet_key = theirs\n[{LAST.section}]\n{LAST.option} =\n")
    generated = config.missing_secrets(tmp_path, operator_environment(tmp_path), cfg)
    assert generated.keys() == OTHERS
    assert mode(tmp_path / config.SECRETS_FILE) == 0o600
    assert config.missing_secrets(tmp_path, operator_environment(tmp_path), cfg) == generated
    lacking_more = config.missing_secrets(tmp_path, operator_environment(tmp_path), load_cfg(tmp_path, ""))
    assert lacking_more.keys() == {FERNET, *OTHERS}
    assert generated.items() <= lacking_more.items()


@pytest.mark.parametrize(
    "variables",
    [
        dict.fromkeys([FERNET, *OTHERS], "theirs"),
        {f"{FERNET}_CMD": "echo a", "AIRFLOW__WEBSERVER__SECRET_KEY": "b", f"{LAST.variable}_SECRET": "path"},
    ],
)
def test_secret_set_by_the_operator_is_left_alone(tmp_path: Path, variables: Mapping[str, str]) -> None:
    cfg = load_cfg(tmp_path, "")
    assert config.missing_secrets(tmp_path, operator_environment(tmp_path, **variables), cfg) == {}


def test_private_file_is_written_whole_or_not_at_all(tmp_path: Path, mocker: MockerFixture) -> None:
    file = tmp_path / "airflow.cfg"
    mocker.patch("dev.run.home.Path.replace", side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        write_private(file, "[core]")
    assert list(tmp_path.iterdir()) == []


URLS = {
    "": "http://localhost:8099/",
    "https://airflow.example.com": "http://localhost:8099/",
    "https://airflow.example.com/team/a": "http://localhost:8099/team/a/",
    "/team": "http://localhost:8099/team/",
}


URL_VARIABLES = {  # the variables that set the address of Airflow, the base URL first
    "3.3": {
        "AIRFLOW__API__BASE_URL": "http://localhost:8099{path}/",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:8099{path}/execution/",
    },
    "2.11": {"AIRFLOW__WEBSERVER__BASE_URL": "http://localhost:8099{path}"},
}[LINE]


@pytest.mark.parametrize(("base", "url"), URLS.items())
def test_path_of_the_operators_base_url_is_kept(tmp_path: Path, base: str, url: str) -> None:
    setting = next(iter(PROFILE.urls))
    cfg = load_cfg(tmp_path, f"[{setting.section}]\n{setting.option} = {base}\n" if base else "")
    path = url.removeprefix("http://localhost:8099").rstrip("/")
    expected = {
        name: text.format(path=path) for name, text in URL_VARIABLES.items() if not base or "BASE" not in name
    }
    assert config.addresses(operator_environment(tmp_path), cfg, 8099) == (url, expected)


def test_url_set_by_the_operator_is_kept(tmp_path: Path) -> None:
    cfg = load_cfg(tmp_path)
    for variable in URL_VARIABLES:
        environ = operator_environment(tmp_path, **{variable: "http://elsewhere/"})
        assert config.addresses(environ, cfg, 8099)[1].keys() == URL_VARIABLES.keys() - {variable}
