"""What is known of releases: what an update document says of one wins over the catalogue, which is older. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from astro_runtime_plugin.releases.catalogue import Release


def merge_releases(catalogue: Iterable[Release], document: Iterable[Release]) -> list[Release]:
    """Return the releases of both, in their order; what a document leaves open of one stands as in the catalogue."""
    found = {release.release: release for release in catalogue}
    for told in document:
        found[told.release] = _override(found.get(told.release), told)
    return sorted(found.values(), key=lambda release: release.version)


def find_release(release: str, releases: Iterable[Release]) -> Release | None:
    """Return what is known of one release; None where it is not among `releases`."""
    return next((one for one in releases if one.release == release), None)


def _override(known: Release | None, told: Release) -> Release:
    if known is None:
        return told
    facts = {name: fact for name in told.model_fields_set if (fact := getattr(told, name)) not in (None, [])}
    return known.model_copy(update=facts)
