"""What is known here of the releases, and which of them runs."""

from __future__ import annotations

from astro_runtime_plugin.catalogue import Release, releases
from astro_runtime_plugin.release import release_of
from astro_runtime_plugin.version import Version, VersionError
from entrypoint.errors import USAGE, StartError
from entrypoint.line import installed_airflow

NOT_TOLD = 1  # the exit code where a question has no answer here


def known() -> list[Release]:
    """Return every release that is known here, in order."""
    return releases()


def running(releases: list[Release]) -> Release:
    """Return the one of `releases` that runs here.

    Raises StartError without an Airflow, and with one that no release is cut from.
    """
    airflow = installed_airflow()
    if airflow is None:
        raise StartError("Airflow is not installed here; the Runtime is a distribution of it", NOT_TOLD)
    try:
        return find(release_of(airflow), releases)
    except LookupError as error:
        raise StartError(f"Airflow {airflow} is installed, and {error}") from error


def find(name: str, releases: list[Release]) -> Release:
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
