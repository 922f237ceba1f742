from __future__ import annotations

import platform

import pytest

from astro_runtime_plugin.web.schemas import Link, Setting, runtime_info, settings
from entrypoint.record import RUNTIME, ResolvedSetting


@pytest.mark.parametrize(
    ("image_tag", "displayed"),
    [(None, "3.3-1"), ("", "3.3-1"), (" \n", "3.3-1"), (" my-project:1 ", "my-project:1")],
)
def test_runtime_info_shows_the_release_if_there_is_no_image_tag(
    image_tag: str | None, displayed: str
) -> None:
    info = runtime_info("3.3-1", image_tag, "3.3.2", {"Wiki": "https://wiki.example.com"}, [])
    assert (info.release, info.image_tag, info.airflow_version) == ("3.3-1", displayed, "3.3.2")
    assert info.python_version == platform.python_version()
    assert info.links == [Link(name="Wiki", url="https://wiki.example.com")]


def test_settings_have_airflows_default_and_omit_what_is_not_in_the_table() -> None:
    batch = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"
    record = [
        ResolvedSetting(name, name, "16", RUNTIME, "why", True) for name in ("AIRFLOW__OLD__NAME", batch)
    ]
    assert settings(record) == [
        Setting(documented=batch, variable=batch, value="16", stock="1", origin=RUNTIME, why="why", set_as="")
    ]
