"""The Runtime's JSON: what runs, where to read more, and every setting of the table with its origin."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from astro_runtime_plugin.options.settings import setting_rows
from astro_runtime_plugin.releases.current import displayed_tag
from entrypoint.record import ResolvedSetting

# What `POST /astro-runtime/api/notices` says where it dismisses nothing: with 422 and with 404.
INVALID_DISMISSAL = 'The body must be JSON: {"notice": "the id of a notice"}'
NO_SUCH_NOTICE = "No such notice"


class Link(BaseModel):
    """A link to a resource; `url` is http or https."""

    name: str
    url: str


class Setting(BaseModel):
    """One setting: the fields of `entrypoint.record.ResolvedSetting`, and `stock`, Airflow's own default."""

    documented: str
    variable: str
    value: str
    stock: str
    origin: str
    why: str
    set_as: str


class Runtime(BaseModel):
    """The answer to `GET /astro-runtime/api/runtime`."""

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
    """Return what runs; without an image tag, the release is the image's."""
    return Runtime(
        release=release,
        image_tag=displayed_tag(image_tag, release),
        airflow_version=airflow_version,
        python_version=platform.python_version(),
        links=[Link(name=name, url=url) for name, url in links.items()],
        settings=settings(record),
    )


def settings(record: Iterable[ResolvedSetting]) -> list[Setting]:
    """Return the settings in the record; one that has left the table is left out."""
    return [Setting(**row) for row in setting_rows(record)]
