from __future__ import annotations

import logging
from configparser import ConfigParser

import pytest

from astro_runtime_plugin.options.section import warn_once
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings, store_url_problem


def conf(**options: str) -> ConfigParser:
    parser = ConfigParser()
    parser.read_dict({"astro_runtime": options})
    return parser


def test_nothing_set_means_local_logs() -> None:
    assert read_settings(conf()) == TaskLogSettings("", "", False, 0)
    assert not read_settings(conf()).has_store


def test_settings_are_read() -> None:
    options = conf(
        task_logs=" s3://bucket/a/prefix/ ",
        task_logs_conn_id="aws_logs",
        task_logs_to_stdout="True",
        task_logs_retention_days="30",
    )
    assert read_settings(options) == TaskLogSettings("s3://bucket/a/prefix", "aws_logs", True, 30)


@pytest.mark.parametrize(
    ("text", "expected"), [("True", True), ("False", False), ("", False), ("often", False)]
)
def test_local_logs_are_deleted_where_airflow_is_told_to(text: str, expected: bool) -> None:
    parser = conf(task_logs="s3://bucket")
    parser.read_dict({"logging": {"delete_local_logs": text}})
    assert read_settings(parser).delete_local is expected


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket",
        "s3://bucket/prefix",
        "gs://bucket/a/b",
        "abfs://container/prefix",
        "abfss://container@account.dfs.core.windows.net/prefix",
        "file:///shared/logs",
        "file://localhost/shared",
    ],
)
def test_store_url_is_accepted(url: str) -> None:
    assert store_url_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "bucket/prefix",
        "http://bucket/prefix",
        "s3:///prefix",
        "file:///",
        "file://relative/path",
        "s3://key:secret@bucket/prefix",
        "s3://key@bucket/prefix",
        "abfs://user:secret@account/prefix",
        "s3://bucket/pre fix",
        "s3://bucket/prefix?a=secret",
        "s3://bucket/prefix#secret",
        "s3://bucket/../other",
        "s3://bucket:port/secret",
        "s3://bucket/\n",
        "s3://" + "x" * 3000,
    ],
)
def test_other_url_is_refused_without_being_repeated(url: str) -> None:
    assert store_url_problem(url).startswith("must ")
    assert "secret" not in store_url_problem(url)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("task_logs", "ftp://secret"),
        ("task_logs_conn_id", "an id"),
        ("task_logs_to_stdout", "perhaps"),
        ("task_logs_retention_days", "-1"),
        ("task_logs_retention_days", "99999"),
    ],
)
def test_wrong_value_counts_as_not_set_with_one_warning(
    caplog: pytest.LogCaptureFixture, name: str, text: str
) -> None:
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert read_settings(conf(**{name: text})) == TaskLogSettings()
        read_settings(conf(**{name: text}))
    (warning,) = caplog.messages
    assert name in warning
    assert text not in warning
