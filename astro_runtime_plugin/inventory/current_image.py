"""Which image this process runs."""

from __future__ import annotations

import os
from functools import cache

from airflow import __version__ as airflow_version
from airflow.configuration import conf

from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.releases.image_tag import displayed_tag, image_tag
from astro_runtime_plugin.releases.running_image import RunningImage


@cache
def current_image() -> RunningImage:
    """Return this process's image. Raises StartError, LookupError or AirflowConfigException if it cannot tell."""
    release = release_of(airflow_version)
    return RunningImage(
        displayed_tag(image_tag(read_option(conf, "image_tag"), os.environ), release), release
    )
