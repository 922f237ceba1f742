"""The Runtime's JSON: versions, links, and every setting with its origin."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from astro_runtime_plugin.fixes.listing import installed_fixes
from astro_runtime_plugin.options.settings import setting_rows
from astro_runtime_plugin.releases.image_tag import displayed_tag
from entrypoint.record import ResolvedSetting

# The details of `POST /astro-runtime/api/notices` with status 422 and 404.
INVALID_DISMISSAL = 'The body must be JSON: {"notice": "the id of a notice"}'
NO_SUCH_NOTICE = "No such notice"


class Link(BaseModel):
    """A link in the footer and the docs menu."""

    name: str = Field(description="the text of the link")
    url: str = Field(description="an http or https URL")


class Setting(BaseModel):
    """A setting that the Runtime gives a default."""

    documented: str = Field(description="the variable under which the setting is documented")
    variable: str = Field(description="the variable that the installed Airflow reads")
    value: str = Field(description="the effective value")
    stock: str = Field(description="Airflow's own default")
    origin: str = Field(description="who supplied the value: an `operator …` source, `Runtime` or `Airflow`")
    why: str = Field(description="the reason for the default, the calculation, or what was ignored")
    set_as: str = Field(description="where the operator has set it; empty if nowhere")


class FixStatus(BaseModel):
    """A fault of Airflow that the Runtime repairs."""

    id: str = Field(description="its id, by which `[astro_runtime] fixes` turns it off")
    title: str = Field(description="what works with the fix")
    state: str = Field(
        description="`active`, `off` (by the operator), `stock` (Airflow's source is another) or `not installed`"
        " (the provider that has the fault)"
    )
    issue: str = Field(description="the URL of the upstream issue; empty if there is none")
    ends: str = Field(description="when the fix is removed")


class Runtime(BaseModel):
    """What runs: versions, links, and every setting with its origin."""

    release: str = Field(description="the release of the Runtime")
    image_tag: str = Field(description="the tag of the web server's image; the release if it has none")
    airflow_version: str = Field(description="the version of Airflow")
    python_version: str = Field(description="the version of Python")
    links: list[Link] = Field(description="the links, in the order of the footer")
    settings: list[Setting] = Field(
        description="the settings, as the web server resolved them; empty without permission"
    )


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


def fixes() -> list[FixStatus]:
    """Return the fixes of the running Airflow, with their state in this installation."""
    return [FixStatus(**row) for row in installed_fixes()]


def settings(record: Iterable[ResolvedSetting]) -> list[Setting]:
    """Return the settings in the record; those that are no longer in the table of defaults are left out."""
    return [Setting(**row) for row in setting_rows(record)]
