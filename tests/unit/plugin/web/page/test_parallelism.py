"""The one figure for parallelism on the Runtime page: what is in force, and why."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.parallelism.snapshot import PARALLELISM, SchedulerLimit
from astro_runtime_plugin.web.page.parallelism import effective_setting
from astro_runtime_plugin.web.schemas import Setting

SETTING = Setting(
    documented=PARALLELISM,
    variable=PARALLELISM,
    value="32",
    stock="32",
    origin="Airflow",
    why="no worker queues are configured",
    set_as="core.parallelism",
)
A = SchedulerLimit(scheduler="a:7", parallelism=20, why="1×16 default + 1×4 gpu")
B = SchedulerLimit(scheduler="b:8", parallelism=20, why="1×16 default + 1×4 gpu")
C = SchedulerLimit(scheduler="c:9", parallelism=4, why="1×4 gpu")
D = SchedulerLimit(scheduler="d:1", parallelism=4, why="4×1 default")


def test_parallelism_is_the_setting_if_no_scheduler_follows_the_workers() -> None:
    assert effective_setting(SETTING, []) == SETTING


def test_other_settings_stay_if_schedulers_follow_the_workers() -> None:
    setting = SETTING.model_copy(update={"documented": "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"})
    assert effective_setting(setting, [A]) == setting


@pytest.mark.parametrize(
    ("schedulers", "value", "why"),
    [
        ([A], "20", "1×16 default + 1×4 gpu"),
        ([A, B], "20", "1×16 default + 1×4 gpu"),
        ([A, C], "4–20", "20 on a:7 (1×16 default + 1×4 gpu); 4 on c:9 (1×4 gpu)"),
        ([C, D], "4", "4 on c:9 (1×4 gpu); 4 on d:1 (4×1 default)"),
    ],
)
def test_parallelism_is_the_limit_of_the_schedulers_that_follow_the_workers(
    schedulers: list[SchedulerLimit], value: str, why: str
) -> None:
    effective = effective_setting(SETTING, schedulers)
    assert (effective.value, effective.origin, effective.set_as) == (value, "Runtime", "")
    assert effective.why == f"follows the running workers: {why}"
    assert (effective.variable, effective.stock) == (SETTING.variable, SETTING.stock)
