"""The options that both adapters read when the web server starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from astro_runtime_plugin.options.links import configured_links, menu_links
from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.releases.image_tag import image_tag


class WebOptions(NamedTuple):
    """The image tag, and the links of the footer and of the docs menu as name → URL."""

    image_tag: str | None
    links: dict[str, str]
    menu_links: dict[str, str]


def read_web_options(conf: Any, airflow_version: str, environ: Mapping[str, str]) -> WebOptions:
    """Return the options; `conf` is Airflow's."""
    links = configured_links(conf, airflow_version)
    return WebOptions(
        image_tag=image_tag(read_option(conf, "image_tag"), environ),
        links=links,
        menu_links=menu_links(links, airflow_version),
    )
