"""Draws the Runtime page's HTML."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from astro_runtime_plugin.web.page.contents import PageContents, components_by_image, format_utc

TEMPLATE = "astro_runtime/page.html"


def render(contents: PageContents) -> str:
    """Return the page as HTML that stands within a page of Airflow; everything in it is escaped."""
    return _environment().get_template(TEMPLATE).render(contents._asdict())


@cache
def _environment() -> Environment:
    loader = PackageLoader("astro_runtime_plugin.web")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(format_utc=format_utc, components_by_image=components_by_image)
    return environment
