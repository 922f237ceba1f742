"""What is known here of the releases, and which of them runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from astro_runtime_plugin.catalogue import Release, releases
from astro_runtime_plugin.merge import merge_releases
from astro_runtime_plugin.current import release_of
from astro_runtime_plugin.updates.on_demand import fetch_releases
from astro_runtime_plugin.version import Version, VersionError
from entrypoint.airflow_line import installed_airflow
from entrypoint.errors import USAGE, StartError

EXIT_UNKNOWN = 1  # the exit code where a question has no answer here


def load_releases(environ: Mapping[str, str], warn: Callable[[str], None]) -> list[Release]:
    """Return every release that is known here, in order: the catalogue's, and the update document's over them.

    Where there is an `update_url` and no document, the catalogue alone counts, and `warn` is told why.
    """
    listed, problem = fetch_releases(environ)
    if problem:
        warn(f"{problem}; what this release knew when it was made counts alone")
    return merge_releases(releases(), listed)


def running_release(releases: list[Release]) -> Release:
    """Return the one of `releases` that runs here.

    Raises StartError without an Airflow, and with one that no release is cut from.
    """
    airflow = installed_airflow()
    if airflow is None:
        raise StartError("Airflow is not installed here; the Runtime is a distribution of it", EXIT_UNKNOWN)
    try:
        return require_release(release_of(airflow), releases)
    except LookupError as error:
        raise StartError(f"Airflow {airflow} is installed, and {error}") from error


def require_release(name: str, releases: list[Release]) -> Release:
    """Return the release of that name. Raises StartError for what is none, and for one that is not among `releases`."""
    try:
        number = Version.parse(name)
    except VersionError as error:
        raise StartError(str(error), USAGE) from error
    for release in releases:
        if release.version == number:
            return release
    raise StartError(
        f"release {name} is not known here; `astro-runtime versions` lists those that are", USAGE
    )
