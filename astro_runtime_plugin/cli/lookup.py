"""Looks up releases for a command: in the catalogue, and in the update document if `update_url` is set."""

from __future__ import annotations

import os

import click

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.releases.merge import merge_releases
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.version import Version, VersionError
from astro_runtime_plugin.updates.on_demand import fetch_releases
from entrypoint.airflow_line import installed_airflow
from entrypoint.errors import UNKNOWN, USAGE, StartError


def load_releases() -> list[Release]:
    """Return all releases in their order: the catalogue's, updated by the update document's.

    If the document cannot be fetched, the catalogue alone is used and stderr says why.
    """
    document, problem = fetch_releases(os.environ)
    if problem:
        click.echo(f"astro-runtime: {problem}; using the built-in catalogue only", err=True)
    return merge_releases(releases(), document)


def running_release(releases: list[Release]) -> Release:
    """Return the running release. Raises StartError if Airflow is not installed or no release contains it."""
    airflow = installed_airflow()
    if airflow is None:
        raise StartError("Airflow is not installed; the Runtime is a distribution of it", UNKNOWN)
    try:
        return require_release(release_of(airflow), releases)
    except LookupError as error:
        raise StartError(f"Airflow {airflow} is installed, but {error}") from error


def require_release(name: str, releases: list[Release]) -> Release:
    """Return the release called `name`. Raises StartError if that is not a release or not among `releases`."""
    try:
        version = Version.parse(name)
    except VersionError as error:
        raise StartError(str(error), USAGE) from error
    for release in releases:
        if release.version == version:
            return release
    raise StartError(f"release {name} is unknown; `astro-runtime versions` lists the known releases", USAGE)
