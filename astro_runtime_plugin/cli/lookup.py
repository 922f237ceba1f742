"""Looks releases up for a command: in the catalogue, and in the update document where `update_url` is set."""

from __future__ import annotations

import os

import click

from astro_runtime_plugin.releases.catalogue import Release, releases
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.releases.merge import merge_releases
from astro_runtime_plugin.releases.version import Version, VersionError
from astro_runtime_plugin.updates.on_demand import fetch_releases
from entrypoint.airflow_line import installed_airflow
from entrypoint.errors import UNKNOWN, USAGE, StartError


def load_releases() -> list[Release]:
    """Return all releases in their order: the catalogue's, updated by the update document's.

    If the document cannot be fetched, the catalogue alone is used and stderr says why.
    """
    listed, problem = fetch_releases(os.environ)
    if problem:
        click.echo(f"astro-runtime: {problem}; using the built-in catalogue only", err=True)
    return merge_releases(releases(), listed)


def running_release(releases: list[Release]) -> Release:
    """Return the release that runs here. Raises StartError if no Airflow is installed, or one without a release."""
    airflow = installed_airflow()
    if airflow is None:
        raise StartError("Airflow is not installed; the Runtime is a distribution of it", UNKNOWN)
    try:
        return require_release(release_of(airflow), releases)
    except LookupError as error:
        raise StartError(f"Airflow {airflow} is installed, but {error}") from error


def require_release(name: str, releases: list[Release]) -> Release:
    """Return the release of that name. Raises StartError if the name is not a release's or `releases` lacks it."""
    try:
        number = Version.parse(name)
    except VersionError as error:
        raise StartError(str(error), USAGE) from error
    for release in releases:
        if release.version == number:
            return release
    raise StartError(f"release {name} is unknown; `astro-runtime versions` lists the known releases", USAGE)
