"""The running image's tag."""

from __future__ import annotations

from collections.abc import Mapping

from astro_runtime_plugin.options.text import single_line

# Set by `--build-arg IMAGE_TAG=...` when a project image is built.
BUILD_TAG_VARIABLE = "ASTRO_RUNTIME_IMAGE_TAG"


def image_tag(configured_tag: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the running image's tag: `[astro_runtime] image_tag`, or else the tag that the image was built with."""
    return configured_tag or environ.get(BUILD_TAG_VARIABLE)


def displayed_tag(image_tag: str | None, release: str) -> str:
    """Return the image tag as the UI shows it; without a tag, the release."""
    return single_line(image_tag or "") or release
