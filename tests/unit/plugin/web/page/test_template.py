"""The Runtime page's HTML."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.parallelism.snapshot import Queue, RunningWorker
from astro_runtime_plugin.task_logs.health import MachineLogs, summarize
from astro_runtime_plugin.web import schemas
from astro_runtime_plugin.web.page.template import PageContents, components_by_image, render

HOSTILE = "<script>alert(1)</script>"
SINCE = "2026-11-24T10:00:00+00:00"


def page_contents(text: str = "a") -> PageContents:
    """Return the contents of a page with `text` wherever a text may stand."""
    setting = schemas.Setting(
        documented="D", variable=text, value=text, stock="1", origin=text, why=text, set_as=text
    )
    runtime = schemas.runtime_info("3.3-1", text, "3.3.2", {text: f"https://example.com/?{text}"}, ())
    return PageContents(
        runtime=runtime.model_copy(update={"settings": [setting]}),
        maintenance=None,
        components=[RunningComponent(text, text, text, "3.3-1", SINCE)],
        component_settings=[(setting, [text])],
        fixes=[
            schemas.FixStatus(id=text, title=text, state=text, issue=f"https://example.com/{text}", ends="")
        ],
        queues=[Queue(name=text, workers=[RunningWorker(name=text, pool=4)], pool=4)],
        task_logs=summarize(text, 90, [machine_logs(text)]),
        providers=[(text, text)],
    )


def machine_logs(text: str, problem: str | None = None) -> MachineLogs:
    problem = text if problem is None else problem
    return MachineLogs(machine=text, pending_bytes=2000, lost_bytes=0, lag_seconds=4.6, problem=problem)


def test_page_escapes_every_value() -> None:
    page = render(page_contents(HOSTILE))
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 26


def test_page_renders_without_components_queues_and_maintenance() -> None:
    page = render(page_contents()._replace(components=[], queues=[], providers=[]))
    assert "<progress" not in page
    assert 'class="label' not in page
    assert "No component has reported yet." in page
    assert "No scheduler has reported a running Celery worker." in page


def test_page_scrolls_each_table_in_a_labelled_box() -> None:
    page = render(page_contents())
    assert page.count("<table") == page.count('<div class="astro-runtime-table" role="group"') == 5
    for section in ("components", "defaults", "fixes", "queues", "providers"):
        assert page.count(f'aria-labelledby="astro-runtime-{section}" tabindex="0"') == 1


@pytest.mark.parametrize("odd_image", [("y", "3.3-1"), ("x", "3.3-2")])
def test_page_counts_different_images_and_lists_the_most_frequent_first(odd_image: tuple[str, str]) -> None:
    image = ("x", "3.3-1")
    components = [
        RunningComponent("scheduler", host, *tag_and_release, SINCE)
        for host, tag_and_release in (("a", odd_image), ("b", image), ("c", image))
    ]
    assert [*components_by_image(components)] == [image, odd_image]
    page = render(page_contents()._replace(components=components))
    assert "2 different images are running." in page
    assert '<th scope="rowgroup" rowspan="2">x</th>' in page


def test_page_shows_where_task_logs_are_and_what_is_pending() -> None:
    page = render(page_contents()._replace(task_logs=summarize("s3://logs/x", 90, [machine_logs("a", "")])))
    assert "<p>Kept in s3://logs/x for 90 days · 2.0 kB pending, for 5 s · 0 Bytes lost</p>" in page


def test_page_names_the_machines_whose_store_takes_nothing() -> None:
    machines = [machine_logs("one", ""), machine_logs("two", "EndpointConnectionError")]
    page = render(page_contents()._replace(task_logs=summarize("s3://logs/x", 0, machines)))
    assert '<p class="text-warning">Kept in s3://logs/x · 4.0 kB pending' in page
    assert "<p>two: EndpointConnectionError</p>" in page
    assert "<p>one" not in page


def test_page_says_so_if_task_logs_have_no_store() -> None:
    assert "They stay where Airflow puts them." in render(
        page_contents()._replace(task_logs=summarize("", 0, ()))
    )


def test_page_does_not_warn_of_a_single_image() -> None:
    assert "different images" not in render(page_contents())


def test_page_lists_component_settings_with_their_hosts() -> None:
    contents = page_contents()
    setting = contents.runtime.settings[0].model_copy(
        update={"variable": "AIRFLOW__CELERY__WORKER_CONCURRENCY"}
    )
    page = render(contents._replace(component_settings=[(setting, ["worker-a", "worker-b"])]))
    assert "<code>AIRFLOW__CELERY__WORKER_CONCURRENCY</code><small>worker-a, worker-b</small>" in page


@pytest.mark.parametrize(
    ("set_as", "cell"),
    [("", "<td>Runtime</td>"), ("V", "<td>Runtime</td>"), ("OLD", "<td>Runtime<small>OLD</small></td>")],
)
def test_page_names_the_variable_that_was_set_if_it_is_another(set_as: str, cell: str) -> None:
    contents = page_contents()
    setting = contents.runtime.settings[0].model_copy(
        update={"variable": "V", "origin": "Runtime", "set_as": set_as}
    )
    runtime = contents.runtime.model_copy(update={"settings": [setting]})
    assert cell in render(contents._replace(runtime=runtime))
