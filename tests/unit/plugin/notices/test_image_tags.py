"""The notice that components run different images: when it appears, and which components it names."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.image_tags import MAX_NAMED, image_tag_notices


def component(name: str, host: str, tag: str, release: str = "3.3-1") -> RunningComponent:
    return RunningComponent(name, host, tag, release, since="2026-11-24T00:00:00+00:00")


SCHEDULER, TRIGGERER = component("scheduler", "a", "orders:8"), component("triggerer", "b", "orders:8")
TEXT = "Image tags differ: 2 of 3 components run orders:8, but celery worker on c runs orders:7."


def test_same_tags_make_no_notice() -> None:
    assert [*image_tag_notices([])] == []
    assert [*image_tag_notices([SCHEDULER, TRIGGERER])] == []


def test_deviating_component_is_named() -> None:
    (notice,) = image_tag_notices([SCHEDULER, TRIGGERER, component("celery worker", "c", "orders:7")])
    assert (notice.level, notice.text) == ("warning", TEXT)


def test_id_depends_on_the_tags_but_not_on_the_hosts() -> None:
    (notice,) = image_tag_notices([SCHEDULER, TRIGGERER, component("celery worker", "c", "orders:7")])
    (other_host,) = image_tag_notices([component("celery worker", "d", "orders:7"), SCHEDULER, TRIGGERER])
    (other_tag,) = image_tag_notices([SCHEDULER, TRIGGERER, component("celery worker", "c", "orders:6")])
    assert other_host.id == notice.id != other_tag.id


def test_all_components_are_named_if_no_tag_is_the_most_common() -> None:
    (notice,) = image_tag_notices([component("scheduler", "a", "1"), component("celery worker", "b", "2")])
    assert notice.text == "Image tags differ: scheduler on a runs 1, celery worker on b runs 2."


def test_same_tag_with_different_releases_is_two_images() -> None:
    components = [component("scheduler", "a", "latest"), component("celery worker", "b", "latest", "3.3-2")]
    (notice,) = image_tag_notices(components)
    assert notice.text == (
        "Image tags differ: scheduler on a runs latest (release 3.3-1),"
        " celery worker on b runs latest (release 3.3-2)."
    )


def test_only_some_of_many_deviating_components_are_named() -> None:
    old = [component("celery worker", f"old-{number}", "7") for number in range(20)]
    new = [component("celery worker", f"new-{number}", "8") for number in range(30)]
    (notice,) = image_tag_notices([*new, *old])
    assert notice.text.startswith(
        "Image tags differ: 30 of 50 components run 8, but celery worker on old-0 runs 7,"
    )
    assert notice.text.endswith(", celery worker on old-5 runs 7, 14 more.")


@pytest.mark.parametrize(("extra", "end"), [(0, "."), (1, ", 1 more."), (2, ", 2 more.")])
def test_number_of_named_components_is_limited(extra: int, end: str) -> None:
    old = [component("celery worker", f"old-{number}", "7") for number in range(MAX_NAMED + extra)]
    new = [component("celery worker", f"new-{number}", "8") for number in range(30)]
    (notice,) = image_tag_notices([*new, *old])
    assert notice.text.count(" on old-") == MAX_NAMED
    assert notice.text.endswith(f"celery worker on old-{MAX_NAMED - 1} runs 7{end}")
