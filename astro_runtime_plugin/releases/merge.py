"""The catalogue merged with the update document, which is newer and therefore wins. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

from astro_runtime_plugin.releases.release import Release


def merge_releases(catalogue: Iterable[Release], document: Iterable[Release]) -> list[Release]:
    """Return the releases of both in their order; a fact that the document leaves open comes from the catalogue."""
    merged = {release.release: release for release in catalogue}
    for release in document:
        merged[release.release] = _override(merged.get(release.release), release)
    return sorted(merged.values(), key=lambda release: release.version)


def _override(base: Release | None, override: Release) -> Release:
    if base is None:
        return override
    facts = {name: getattr(override, name) for name in override.model_fields_set}
    return base.model_copy(update={name: fact for name, fact in facts.items() if fact not in (None, [])})
