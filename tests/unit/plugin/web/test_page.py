"""The Runtime page's HTML, and what stands in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.parallelism.snapshot import Queue, RunningWorker, SchedulerLimit, Workers
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.web import schemas
from astro_runtime_plugin.web.page.contents import (
    MaintenanceStatus,
    PageContents,
    components_by_image,
    maintenance_status,
    providers,
)
from astro_runtime_plugin.web.page.template import render

HOSTILE = "<script>alert(1)</script>"
SINCE = "2026-11-24T10:00:00+00:00"
RELEASE = Release(release="3.3-1", airflow="3.3.2", release_date=date(2026, 11, 24))
NO_WORKERS = Workers(parallelism="16", origin="Runtime", why="1×16 LocalExecutor", schedulers=[], queues=[])


def contents(life: MaintenanceStatus | None = None, text: str = "a") -> PageContents:
    setting = schemas.Setting(
        documented="D", variable=text, value=text, stock="1", origin=text, why=text, set_as=text
    )
    runtime = schemas.runtime_info("3.3-1", text, "3.3.2", {text: f"https://example.com/?{text}"}, ())
    queue = Queue(name=text, workers=[RunningWorker(name=text, pool=4)], pool=4)
    scheduler = SchedulerLimit(scheduler=text, parallelism=4, why=text)
    return PageContents(
        runtime.model_copy(update={"settings": [setting]}),
        life,
        [RunningComponent(text, text, text, "3.3-1", SINCE)],
        [(setting, [text])],
        NO_WORKERS.model_copy(update={"queues": [queue], "schedulers": [scheduler]}),
        [(text, text)],
    )


def test_everything_in_the_page_is_escaped() -> None:
    page = render(contents(text=HOSTILE))
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 20


def test_the_page_is_drawn_without_what_is_not_known() -> None:
    unknown = Release(release="10.0.0", airflow="2.8")
    life = maintenance_status(unknown, [unknown], date(2026, 11, 24))
    empty = contents(life)._replace(components=[], workers=NO_WORKERS, providers=[])
    page = render(empty)
    assert "unknown</span>" in page
    assert standing(page) == "Nobody says until when it is maintained."
    assert "progressbar" not in page
    assert "No component has told of itself yet." in page
    assert "Parallelism 16 (Runtime: 1×16 LocalExecutor)" in page


@pytest.mark.parametrize("other", [("y", "3.3-1"), ("x", "3.3-2")])
def test_images_that_differ_are_counted_and_the_most_frequent_stands_first(other: tuple[str, str]) -> None:
    most = ("x", "3.3-1")
    runs = [
        RunningComponent("scheduler", host, *image, SINCE)
        for host, image in (("a", most), ("b", most), ("c", other))
    ]
    assert [*components_by_image([runs[2], *runs[:2]])] == [most, other]
    page = render(contents()._replace(components=runs))
    assert "2 images run at once." in page
    assert '<th scope="rowgroup" rowspan="2">x</th>' in page


def test_where_schedulers_follow_the_workers_parallelism_says_so() -> None:
    told = contents()
    one = told.runtime.settings[0].model_copy(update={"documented": "AIRFLOW__CORE__PARALLELISM"})
    told = told._replace(runtime=told.runtime.model_copy(update={"settings": [one]}))
    assert render(told).count("the schedulers follow the workers, below") == 1
    assert "follow the workers" not in render(told._replace(workers=NO_WORKERS))


def test_a_setting_of_single_components_stands_among_the_others_with_their_hosts() -> None:
    told = contents()
    one = told.runtime.settings[0].model_copy(update={"variable": "AIRFLOW__CELERY__WORKER_CONCURRENCY"})
    page = render(told._replace(own=[(one, ["worker-a", "worker-b"])]))
    assert "<code>AIRFLOW__CELERY__WORKER_CONCURRENCY</code><br><small>worker-a, worker-b</small>" in page


@pytest.mark.parametrize(
    ("today", "stage", "look", "days", "percent"),
    [
        (date(2026, 11, 24), "maintained", "success", 737, 100),
        (date(2027, 11, 24), "maintained", "success", 372, 50),
        (date(2028, 11, 30), "maintained", "success", 0, 0),
        (date(2028, 11, 29), "maintained", "success", 1, 0),
    ],
)
def test_the_bar_shows_what_is_left(today: date, stage: str, look: str, days: int, percent: int) -> None:
    life = maintenance_status(RELEASE, [RELEASE], today)
    assert (life.stage, life.look, life.days, life.percent) == (stage, look, days, percent)
    page = render(contents(life))
    assert f'aria-valuenow="{percent}"' in page
    assert standing(page) == (
        "Released 2026-11-24, maintained until 2028-11-30, basic support until 2029-05-31:"
        f" {days} day{'s' * (days != 1)} of maintenance left."
    )


OLD: dict[str, Any] = {
    "release": "13.0.0",
    "airflow": "2.11.2",
    "release_date": date(2026, 11, 24),
    "lts": True,
}
PATCH = Release(release="13.0.1", airflow="2.11.3", release_date=date(2026, 12, 10))
YANKED = {"yanked": True, "yanked_reason": "<b>Tasks</b> get lost."}


@pytest.mark.parametrize(
    ("facts", "today", "stage", "look", "said"),
    [
        (
            {"release": "3.3-1", "airflow": "3.3.2"},
            date(2026, 11, 23),
            *("future", "warning"),
            "Comes out on 2026-11-24, maintained until 2028-11-30, basic support until 2029-05-31.",
        ),
        ({"channel": "beta"}, date(2026, 11, 23), "future", "warning", "Comes out on 2026-11-24."),
        (
            {"release": "3.3-1", "airflow": "3.3.2"},
            date(2028, 12, 1),
            *("basic support", "warning"),
            "Released 2026-11-24. Maintenance ended on 2028-11-30; basic support ends on 2029-05-31.",
        ),
        (
            {"release": "3.3-1", "airflow": "3.3.2"},
            date(2029, 6, 1),
            *("unmaintained", "danger"),
            "Released 2026-11-24. Maintenance ended on 2028-11-30; basic support ended on 2029-05-31.",
        ),
        (
            {},
            date(2028, 6, 1),
            *("unmaintained", "danger"),
            "Released 2026-11-24. Maintenance ended on 2028-05-31.",
        ),
        (
            {},
            date(2026, 12, 10),
            *("superseded", "warning"),
            "Released 2026-11-24. 13.0.1 is maintained in its place.",
        ),
        (
            YANKED,
            date(2026, 12, 9),
            *("yanked", "danger"),
            "Released 2026-11-24. Yanked: &lt;b&gt;Tasks&lt;/b&gt; get lost.",
        ),
        (
            {"yanked": True},
            date(2026, 12, 10),
            *("yanked", "danger"),
            "Released 2026-11-24. Yanked: no reason is given. 13.0.1 is maintained in its place.",
        ),
        (
            {"release_date": None, "end_of_maintenance": date(2026, 12, 9)},
            date(2026, 12, 8),
            *("maintained", "success"),
            "Maintained until 2026-12-09: 1 day of maintenance left.",
        ),
    ],
)
def test_without_a_bar_what_is_said_is_true(
    facts: dict[str, Any], today: date, stage: str, look: str, said: str
) -> None:
    release = Release(**OLD | facts)
    life = maintenance_status(release, [release, PATCH], today)
    assert (life.stage, life.look, life.percent) == (stage, look, None)
    page = render(contents(life))
    assert "progressbar" not in page
    assert standing(page) == said


def standing(page: str) -> str:
    """Return the paragraph that says how the release stands."""
    before = page[: page.index("<section")]
    return " ".join(before[before.rindex("<p>") + 3 : before.rindex("</p>")].split())


def test_the_providers_are_those_of_the_environment() -> None:
    names = dict(providers())
    assert {"apache-airflow-providers-celery", "apache-airflow-providers-cncf-kubernetes"} <= names.keys()
    assert all(name.startswith("apache-airflow-providers-") for name in names)


def test_providers_of_others_count_and_the_first_on_the_path_is_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {"apache-airflow-providers-celery": "99.0", "airflow-provider-elsewhere": "1.2"}
    for name, version in installed.items():
        info = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text("[apache_airflow_provider]\nprovider_info=x:y\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed.items() <= dict(providers.__wrapped__()).items()
