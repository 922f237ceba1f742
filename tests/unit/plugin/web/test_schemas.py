from __future__ import annotations

import platform

import pytest

from astro_runtime_plugin.web.schemas import Link, Setting, runtime_info, settings
from entrypoint.record import RUNTIME, ResolvedSetting


@pytest.mark.parametrize(
    ("told", "shown"), [(None, "3.3-1"), ("", "3.3-1"), (" \n", "3.3-1"), (" mine:1 ", "mine:1")]
)
def test_without_an_image_tag_the_release_stands_for_it(told: str | None, shown: str) -> None:
    answer = runtime_info("3.3-1", told, "3.3.2", {"Wiki": "https://wiki.example.com"}, [])
    assert (answer.release, answer.image_tag, answer.airflow_version) == ("3.3-1", shown, "3.3.2")
    assert answer.python_version == platform.python_version()
    assert answer.links == [Link(name="Wiki", url="https://wiki.example.com")]


def test_a_setting_comes_with_airflows_own_default_and_one_that_left_the_table_is_left_out() -> None:
    batch = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"
    record = [
        ResolvedSetting(name, name, "16", RUNTIME, "why", True) for name in ("AIRFLOW__OLD__NAME", batch)
    ]
    assert settings(record) == [
        Setting(documented=batch, variable=batch, value="16", stock="1", origin=RUNTIME, why="why", set_as="")
    ]
