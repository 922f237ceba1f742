"""The Runtime's JSON: versions, links, and every setting with its origin."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from astro_runtime_plugin.options.settings import setting_rows
from astro_runtime_plugin.releases.image_tag import displayed_tag
from entrypoint.record import ResolvedSetting

# The details of `POST /astro-runtime/api/notices` with status 422 and 404.
INVALID_DISMISSAL = 'The body must be JSON: {"notice": "the id of a notice"}'
NO_SUCH_NOTICE = "No such notice"


class Link(BaseModel):
    """A link to a resource; `url` is http or https."""

    name: str
    url: str


class Setting(BaseModel):
    """A setting: the fields of `entrypoint.record.ResolvedSetting`, and `stock`, Airflow's default."""

    documented: str
    variable: str
    value: str
    stock: str
    origin: str
    why: str
    set_as: str


class Runtime(BaseModel):
    """The response to `GET /astro-runtime/api/runtime`."""

    release: str
    image_tag: str
    airflow_version: str
    python_version: str
    links: list[Link]
    settings: list[Setting]


def runtime_info(
    release: str,
    image_tag: str | None,
    airflow_version: str,
    links: Mapping[str, str],
    record: Iterable[ResolvedSetting],
) -> Runtime:
    """Return what runs; if there is no image tag, the release takes its place."""
    return Runtime(
        release=release,
        image_tag=displayed_tag(image_tag, release),
        airflow_version=airflow_version,
        python_version=platform.python_version(),
        links=[Link(name=name, url=url) for name, url in links.items()],
        settings=settings(record),
    )


def settings(record: Iterable[ResolvedSetting]) -> list[Setting]:
    """Return the settings in the record; those that are no longer in the table of defaults are left out."""
    return [Setting(**row) for row in setting_rows(record)]
