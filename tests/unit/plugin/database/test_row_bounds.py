"""Rows of the Runtime's table that anybody may have written: garbage costs one warning, and nothing else."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.inventory.component_settings import component_settings
from astro_runtime_plugin.inventory.listing import RunningComponent, component_row
from astro_runtime_plugin.notices import dismissals
from astro_runtime_plugin.notices.image_tags import image_tag_notices
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.options.text import MAX_NAME_LENGTH, single_line
from astro_runtime_plugin.parallelism import publish, snapshot
from astro_runtime_plugin.parallelism.bounds import (
    MAX_COMPONENTS,
    MAX_ROW_LENGTH,
    MAX_SCHEDULERS,
    MAX_WORKERS,
)
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from astro_runtime_plugin.releases.image_tag import displayed_tag
from astro_runtime_plugin.task_logs import health
from astro_runtime_plugin.task_logs.shipping.records import Status
from entrypoint.capacity import Calculation
from entrypoint.record import ResolvedSetting
from testing.state_rows import write

pytestmark = pytest.mark.usefixtures("statements")

SCHEDULER = {"parallelism": 16, "why": "1×16 default", "workers": [["a@one", 16, ["default"]]]}
RUNNING = RunningComponent("celery worker", "a", "orders:7", "3.3-1", "2026-11-24T10:00:00+00:00")
HOUR = 3600.0
HOSTILE = "a\r\n2026 CRITICAL forged\x1b[31m\u202e\x9b\ud800"
CLEAN = "a 2026 CRITICAL forged [31m"


def alive(**facts: Any) -> dict[str, Any]:
    return {**component_row(RUNNING, time.time(), HOUR), **facts}


def write_copies(kind: str, value: Any, count: int) -> None:
    state.put("any", "any", None)  # creates the table
    row = {"kind": kind, "value": json.dumps(value), "updated_at": time.time()}
    rows = [{**row, "name": str(number)} for number in range(count)]
    in_transaction(lambda connection: connection.execute(state.TABLE.insert(), rows))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[" * 6000, "it is not JSON"),
        ("9" * 5000, "it is not JSON"),
        ("[]", "the value is invalid"),
        ("null", "the value is invalid"),
        ('"text"', "the value is invalid"),
        ("NaN", "the value is invalid"),
        ('{"component": 1}', "component is invalid"),
        (json.dumps(alive(until="soon")), "until is invalid"),
        (json.dumps(alive(until=float("inf"))), "until is invalid"),
        (json.dumps(alive(since="9" * 1000)), "since is invalid"),
        (json.dumps(alive(settings=[{"a\nb": 1}])), "settings.0.a b is invalid"),
        (json.dumps(alive(settings=[{}] * 51)), "settings is invalid"),
        (json.dumps(alive(host="x" * recorder.MAX_LENGTH)), "it is too long"),
    ],
    ids=range(15),
)
def test_garbage_is_ignored_with_one_warning(caplog: pytest.LogCaptureFixture, value: str, why: str) -> None:
    state.put(recorder.KIND, "valid", alive())
    write("odd\n1", value)
    write("odd\n2", value)
    for _ in range(2):
        assert recorder.current_components() == [RUNNING]
    (warning,) = warnings(caplog)
    assert why in warning
    assert "\\n" in warning
    assert "\n" not in warning


@pytest.mark.parametrize("updated_at", [1e12, float("inf"), "text"])
def test_row_from_the_future_is_ignored_and_does_not_outlive_the_purge(
    caplog: pytest.LogCaptureFixture, updated_at: Any
) -> None:
    write("future", json.dumps(alive(host="future")), updated_at)
    state.put(recorder.KIND, "valid", alive())  # a name that was there before would not purge
    write("future 2", json.dumps(alive(host="future")), updated_at)
    assert recorder.current_components() == [RUNNING]
    assert [*state.fetch(recorder.KIND)] == ["valid"]
    (warning,) = warnings(caplog)
    assert "dated in the future" in warning
    state.put(recorder.KIND, "another", alive())
    query = text("SELECT name FROM astro_runtime_state WHERE kind = 'component' ORDER BY name")
    names = in_transaction(lambda connection: [*connection.execute(query).scalars()])
    assert names == ["another", "valid"]


def test_clock_that_is_a_little_ahead_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    write("ahead", json.dumps(alive()), time.time() + state.MAX_CLOCK_SKEW - 60)
    assert recorder.current_components() == [RUNNING]
    assert warnings(caplog) == []


@pytest.mark.parametrize(("extra", "expected"), [(0, []), (1, ["3 others are newer"])])
def test_only_the_newest_rows_are_read(
    caplog: pytest.LogCaptureFixture, extra: int, expected: list[str]
) -> None:
    now = time.time()
    for number in range(3 + extra):
        write(str(number), "1", now - number, "kind")
    write("future", "1", now + HOUR, "kind") if not extra else None
    assert [*state.fetch("kind", max_rows=3 if extra else 4)] == ["2", "1", "0"]
    actual = [warning for warning in warnings(caplog) if "newer" in warning]
    assert [why in warning for why, warning in zip(expected, actual, strict=True)] == [True] * len(expected)


@pytest.mark.parametrize(("length", "values"), [(10, {"row": "x" * 8}), (9, {})])
def test_value_may_be_exactly_as_long_as_the_limit(length: int, values: dict[str, str]) -> None:
    write("row", json.dumps("x" * 8), kind="kind")
    assert state.fetch("kind", max_length=length) == values


@pytest.mark.parametrize(("extra", "components"), [(0, 1), (1, 0)])
def test_component_row_may_be_exactly_as_long_as_its_limit(extra: int, components: int) -> None:
    row = json.dumps(alive())
    write("row", row + " " * (recorder.MAX_LENGTH - len(row) + extra))
    assert len(recorder.current_components()) == components


def test_longest_row_that_a_component_writes_is_read() -> None:
    variable = "AIRFLOW__CELERY__WORKER_CONCURRENCY"
    setting = ResolvedSetting(variable, variable, "16", "Runtime", "why " * 250, exported=True)
    settings = component_settings([setting])
    text = "\U0001f680" * MAX_NAME_LENGTH  # each sign has twelve characters in JSON
    host, tag = single_line(text, MAX_NAME_LENGTH), displayed_tag(text, "3.3-1")
    state.put(recorder.KIND, "longest", alive(host=host, image_tag=tag, settings=settings))
    (row,) = recorder.component_rows()
    assert (row.host, row.image_tag, len(row.settings)) == (host, tag, 1)


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize(
    ("kind", "value", "limit", "read"),
    [
        (recorder.KIND, alive(), MAX_COMPONENTS, recorder.component_rows),
        (snapshot.KIND, SCHEDULER, MAX_SCHEDULERS, snapshot.fetch_rows),
    ],
)
def test_number_of_rows_is_limited(
    caplog: pytest.LogCaptureFixture, kind: str, value: Any, limit: int, read: Callable[[], Any], extra: int
) -> None:
    write_copies(kind, value, limit + extra)
    assert (len(read()), len(warnings(caplog))) == (limit, extra)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (recorder.KIND, alive(), recorder.component_rows),
        (health.KIND, health.machine_row(Status(), "", 0.0), health.fetch_machines),
    ],
)
def test_as_many_workers_are_listed_as_are_followed(
    caplog: pytest.LogCaptureFixture, kind: str, value: Any, read: Callable[[], Any]
) -> None:
    """Also right after a rollout, when the rows of the workers that it has replaced are not old yet."""
    write_copies(kind, value, 2 * MAX_WORKERS)
    assert (len(read()), warnings(caplog)) == (2 * MAX_WORKERS, [])


@pytest.mark.parametrize(("extra", "expected"), [(0, ["row"]), (1, [])])
def test_scheduler_row_may_be_exactly_as_long_as_its_limit(extra: int, expected: list[str]) -> None:
    row = json.dumps(SCHEDULER)
    write("row", row + " " * (MAX_ROW_LENGTH - len(row) + extra), kind=snapshot.KIND)
    assert [*snapshot.fetch_rows()] == expected


@pytest.mark.parametrize(
    ("sign", "length", "count", "minimum"),
    [
        ("a", 80, MAX_WORKERS, MAX_WORKERS),
        ("a", 100, MAX_WORKERS, 4000),
        ("a", 10, MAX_WORKERS + 1, MAX_WORKERS),
        ("ü", 80, 100, 100),
        ("\U0001f680", 250, MAX_WORKERS, 100),
    ],
    ids=repr,
)
def test_row_that_a_scheduler_writes_is_read(
    caplog: pytest.LogCaptureFixture, sign: str, length: int, count: int, minimum: int
) -> None:
    publish._warn_incomplete.cache_clear()
    names = (f"{number:04}{sign * (length - 4)}" for number in range(count))
    limit = LimitState(Calculation(16, "no worker has answered"), lambda _: None)
    limit.update([Worker(name, 16, ("default",)) for name in names])
    for _ in range(2):
        publish.SchedulerRowWriter().save(limit)
    (row,) = snapshot.fetch_rows().values()
    assert row.workers == limit.workers[: len(row.workers)]
    assert row.parallelism == 16 * count
    assert minimum <= len(row.workers) <= MAX_WORKERS
    assert len(warnings(caplog)) == (len(row.workers) < count)


def test_texts_are_single_lines_of_limited_length() -> None:
    state.put(recorder.KIND, "hostile", alive(host=HOSTILE, image_tag=HOSTILE, release="9" * 1000))
    (component,) = recorder.current_components()
    assert (component.host, component.image_tag) == (CLEAN, CLEAN)
    assert component.release == "9" * 200 + "…"
    json.dumps(component._asdict(), ensure_ascii=False).encode()


def test_notice_about_hostile_tags_is_a_single_line() -> None:
    state.put(recorder.KIND, "hostile", alive(host=HOSTILE, image_tag=HOSTILE))
    state.put(recorder.KIND, "valid", alive())
    (notice,) = image_tag_notices(recorder.current_components())
    assert notice.text.isprintable()


def test_images_of_many_components_cost_one_look_each() -> None:
    class Tag(str):
        looks = 0

        def __hash__(self) -> int:
            Tag.looks += 1
            return super().__hash__()

        def __eq__(self, other: object) -> bool:
            Tag.looks += 1
            return super().__eq__(other)

    components = [RUNNING._replace(host=str(n), image_tag=Tag(f"orders:{n % 2}")) for n in range(1000)]
    assert len([*image_tag_notices(components)]) == 1
    assert Tag.looks <= 10 * len(components)


def test_dismissals_of_other_users_are_not_read(statements: list[tuple[str, Any]]) -> None:
    notices = [Notice(id=name, level="info", text=name) for name in ("first", "second")]
    for user in range(50):
        dismissals.dismiss(f"user {user}", notices[0], 7)
    statements.clear()
    assert dismissals.remaining("user 7", notices, 7) == notices[1:]
    (query, parameters), *others = [item for item in statements if item[0].startswith("SELECT")]
    assert (query.count("IN ("), others) == (1, [])
    assert len([value for value in parameters if len(str(value)) == 64]) == len(notices)
