"""The releases that are listed anywhere: in the catalogue and in the update document."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from astro_runtime_plugin.releases import catalogue
from astro_runtime_plugin.releases.merge import merge_releases
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex


class ListedReleases:
    """The releases of one update document, and those of the catalogue and the document together.

    Equal to no other object, so that what is computed from it can be cached by it.
    """

    def __init__(self, document: Iterable[Release] = ()) -> None:
        """Raises CatalogueError."""
        self.document = tuple(document)
        self.merged = ReleaseIndex(merge_releases(catalogue.releases(), self.document))


@cache
def list_releases() -> ListedReleases:
    """Return the releases without an update document. Raises CatalogueError."""
    return ListedReleases()
