"""`astro-runtime logs check` as a real process: with a folder, without a store, and with settings that are wrong."""

from __future__ import annotations

import pytest

from testing.cli_process import run_astro_runtime
from testing.orders_home import OrdersHome


def test_check_passes_with_a_folder(home: OrdersHome) -> None:
    done = home.run("check")
    assert (done.stdout, done.stderr, done.returncode) == (
        f"file://{home.store} can be written, listed, read and deleted from\n",
        "",
        0,
    )


def test_check_without_a_store_has_no_answer(home: OrdersHome) -> None:
    done = home.run("check", with_store=False)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.startswith("astro-runtime: no store is set ([astro_runtime] task_logs)")


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "ftp://host/logs"}, "[astro_runtime] task_logs must be s3://"),
        (
            {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "s3://me:hidden@bucket/x"},
            "must not contain a user name or password",
        ),
        (
            {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "file:///dev/null/logs"},
            "file:///dev/null/logs cannot be written: ",
        ),
        (
            {
                "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "s3://bucket/logs",
                "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_CONN_ID": "nowhere",
            },
            "the connection nowhere is unknown",
        ),
    ],
)
def test_check_names_what_is_wrong_and_no_secret(
    home: OrdersHome, environ: dict[str, str], problem: str
) -> None:
    done = run_astro_runtime(home.path, "logs", "check", **{**home.environ(with_store=False), **environ})
    assert (done.stdout, done.returncode) == ("", 78)
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stderr
