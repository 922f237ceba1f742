"""The Runtime page's HTML, and what stands in it."""

from __future__ import annotations

from datetime import date

import pytest

from astro_runtime_plugin import api
from astro_runtime_plugin.catalogue import Release
from astro_runtime_plugin.components.shown import Runs
from astro_runtime_plugin.following.record import InForce, Queue, RunningWorker, Workers
from astro_runtime_plugin.page.contents import Contents, Life, life_of, providers, tags
from astro_runtime_plugin.page.draw import draw

HOSTILE = "<script>alert(1)</script>"
SINCE = "2026-11-24T10:00:00+00:00"
RELEASE = Release(release="3.3-1", airflow="3.3.2", release_date=date(2026, 11, 24))
NO_WORKERS = Workers(parallelism="16", origin="Runtime", why="1×16 LocalExecutor", schedulers=[], queues=[])


def contents(life: Life | None = None, text: str = "a") -> Contents:
    setting = api.Setting(
        documented="D", variable=text, value=text, stock="1", origin=text, why=text, set_as=text
    )
    runtime = api.runtime("3.3-1", text, "3.3.2", {text: f"https://example.com/?{text}"}, ())
    queue = Queue(name=text, workers=[RunningWorker(name=text, pool=4)], pool=4)
    scheduler = InForce(scheduler=text, parallelism=4, why=text)
    return Contents(
        runtime.model_copy(update={"settings": [setting]}),
        life,
        [Runs(text, text, text, "3.3-1", SINCE)],
        NO_WORKERS.model_copy(update={"queues": [queue], "schedulers": [scheduler]}),
        [(text, text)],
    )


def test_everything_in_the_page_is_escaped() -> None:
    page = draw(contents(text=HOSTILE))
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 15


def test_the_page_is_drawn_without_what_is_not_known() -> None:
    unknown = Release(release="10.0.0", airflow="2.8")
    life = life_of(unknown, [unknown], date(2026, 11, 24))
    empty = contents(life)._replace(components=[], workers=NO_WORKERS, providers=[])
    page = draw(empty)
    assert "unknown</span>" in page
    assert "progressbar" not in page
    assert "No component has told of itself yet." in page
    assert "Parallelism 16 (Runtime: 1×16 LocalExecutor)" in page


def test_image_tags_that_differ_are_counted_and_the_most_frequent_stands_first() -> None:
    runs = [Runs("scheduler", host, tag, "3.3-1", SINCE) for host, tag in ("ax", "bx", "cy")]
    assert [*tags([runs[2], *runs[:2]])] == ["x", "y"]
    page = draw(contents()._replace(components=runs))
    assert "2 image tags run at once." in page
    assert '<th scope="rowgroup" rowspan="2">x</th>' in page


@pytest.mark.parametrize(
    ("today", "stage", "look", "days", "percent"),
    [
        (date(2026, 11, 24), "maintained", "success", 737, 100),
        (date(2027, 11, 24), "maintained", "success", 372, 50),
        (date(2028, 11, 30), "maintained", "success", 0, 0),
        (date(2028, 12, 1), "basic support", "warning", 0, 0),
        (date(2029, 6, 1), "unmaintained", "danger", 0, 0),
    ],
)
def test_the_bar_shows_what_is_left(today: date, stage: str, look: str, days: int, percent: int) -> None:
    life = life_of(RELEASE, [RELEASE], today)
    assert (life.stage, life.look, life.days, life.percent) == (stage, look, days, percent)
    page = draw(contents(life))
    assert f'aria-valuenow="{percent}"' in page
    assert f"{days} day" in page


def test_the_providers_are_those_of_the_environment() -> None:
    names = dict(providers())
    assert {"apache-airflow-providers-celery", "apache-airflow-providers-cncf-kubernetes"} <= names.keys()
    assert all(name.startswith("apache-airflow-providers-") for name in names)
