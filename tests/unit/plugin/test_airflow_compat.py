"""The private pieces of Airflow that the plugin uses, with the Airflow of each line."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.airflow_compat import OverriddenAttribute, ParallelismConf
from entrypoint.airflow_line import LINES
from testing.installed_line import LINE

TABLES = (
    airflow_compat.STATS,
    airflow_compat.MIGRATION_CHECKS,
    airflow_compat.SCHEDULER_OVERRIDES,
    airflow_compat.CONFIG_PARSERS,
    airflow_compat.SECRETS_MASKERS,
)


def test_tables_have_a_row_for_each_line() -> None:
    assert [{*table} for table in TABLES] == [{*LINES}] * len(TABLES)


def test_line_is_that_of_the_installed_airflow() -> None:
    assert airflow_compat.line() == LINE


def test_import_does_not_import_airflow() -> None:
    program = "import sys, astro_runtime_plugin.airflow_compat; print('airflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_gauge_reaches_airflows_metrics_client(mocker: MockerFixture) -> None:
    module, _, client = airflow_compat.STATS[LINE].partition(":")
    gauge = mocker.patch(f"{module}.{client}.gauge", create=True)
    airflow_compat.send_gauge("astro_runtime.workers", 3)
    gauge.assert_called_once_with("astro_runtime.workers", 3)


@pytest.mark.parametrize("attribute", ["workloads", "tasks"])
def test_sent_tasks_are_found_under_either_name(attribute: str) -> None:
    executor = SimpleNamespace(**{attribute: {"key": SimpleNamespace(task_id="id")}})
    assert airflow_compat.sent_task_ids(executor) == {"id"}


def test_overridden_attribute_adjusts_what_is_set() -> None:
    class Executor:
        parallelism = OverriddenAttribute("parallelism", lambda value: value + 1)

    executor = Executor()
    with pytest.raises(AttributeError, match="parallelism"):
        _ = executor.parallelism
    executor.parallelism = 4
    assert executor.parallelism == 5
    assert isinstance(Executor.parallelism, OverriddenAttribute)


def test_conf_adjusts_parallelism_only() -> None:
    original = SimpleNamespace(getint=lambda section, key, fallback=8: fallback, sections=["core"])
    conf = ParallelismConf(original, lambda value: value * 10)
    assert conf.getint("core", "parallelism", fallback=3) == 30
    assert conf.getint("core", "max_active_runs_per_dag") == 8
    assert conf.sections == ["core"]
