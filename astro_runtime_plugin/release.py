"""Which release of the Runtime and which image this is."""

from __future__ import annotations

from collections.abc import Mapping

from astro_runtime_plugin.catalogue import releases

BUILT_AS = "ASTRO_RUNTIME_IMAGE_TAG"  # what a project's image was built with: --build-arg IMAGE_TAG=...


def release_of(airflow_version: str) -> str:
    """Return the newest release, such as `3.3-1`, of the line that `airflow_version` (`3.3.2`) belongs to.

    Raises LookupError for an Airflow that no release is cut from, CatalogueError for a broken catalogue.
    """
    line = _line(airflow_version)
    found = [release for release in releases() if _line(release.airflow) == line]
    if not found:
        raise LookupError(f"no release of the Runtime is cut from Airflow {airflow_version}")
    return max(found, key=lambda release: release.version).release


def image_tag(set_by_operator: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the tag of the image that runs: `[astro_runtime] image_tag`, else what the image was built as."""
    return set_by_operator or environ.get(BUILT_AS)


def _line(airflow_version: str) -> str:
    return ".".join(airflow_version.split(".")[:2])
