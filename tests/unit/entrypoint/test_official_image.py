"""Variables of the official image that do nothing here are named, with the way out and without their values."""

from __future__ import annotations

import pytest

from entrypoint.official_image import ignored_variables


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("_PIP_ADDITIONAL_REQUIREMENTS", "nothing is installed at the start; put the packages into "),
        ("_AIRFLOW_DB_RESET", "the start deletes nothing; "),
        ("_AIRFLOW_DB_MIGRATES", "did you mean _AIRFLOW_DB_MIGRATE?"),
        ("_AIRFLOW_WWW_USER_NAME", "did you mean _AIRFLOW_WWW_USER_USERNAME?"),
        ("_AIRFLOW_DB_X", "it is ignored"),
    ],
)
def test_variable_without_effect_is_named(name: str, instead: str) -> None:
    (line,) = ignored_variables({name: "hush", "PATH": "/usr/bin"})
    assert line.startswith(f"{name} is not supported: {instead}")
    assert "hush" not in line


@pytest.mark.parametrize(
    "environ",
    [
        {"_PIP_ADDITIONAL_REQUIREMENTS": ""},
        {"_PIP_ADDITIONAL_REQUIREMENTS": " "},
        {"_AIRFLOW_DB_MIGRATE": "true", "_AIRFLOW_DB_UPGRADE": "1", "_AIRFLOW_WWW_USER_CREATE": "1"},
        {
            "_AIRFLOW_WWW_USER_PASSWORD": "x",
            "_AIRFLOW_WWW_USER_PASSWORD_CMD": "x",
            "_AIRFLOW_WWW_USER_ROLE": "x",
        },
        {"_AIRFLOW__AS_LIBRARY": "1", "DB_HOST": "db", "AIRFLOW_UID": "50000"},
    ],
)
def test_other_variable_is_not_named(environ: dict[str, str]) -> None:
    assert ignored_variables(environ) == []
