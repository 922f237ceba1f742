"""The notice that the running components do not all run the same image. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.notice import Notice

MAX_NAMED = 6  # components in the text; the Runtime page lists all of them


def image_tag_notices(components: list[RunningComponent]) -> Iterator[Notice]:
    """Yield a notice if the images differ.

    It names the components that do not run the most common image; all of them if no image is the most common.
    """
    counts = Counter(_image(component, components) for component in components)
    if len(counts) < 2:
        return
    (image, count), (_, runner_up_count) = counts.most_common(2)
    common = image if count > runner_up_count else None
    majority = f"{count} of {len(components)} components run {image}, but " if common else ""
    text = f"Image tags differ: {majority}{_describe_deviating(components, common)}."
    fingerprint = sha256("\0".join(sorted(counts)).encode()).hexdigest()[:16]
    yield Notice(id=f"image-tags:{fingerprint}", level="warning", text=text)


def _describe_deviating(components: list[RunningComponent], common: str | None) -> str:
    """Describe the components that do not run the `common` image, the first few by name."""
    deviating = [
        f"{component.component} on {component.host} runs {image}"
        for component in components
        if (image := _image(component, components)) != common
    ]
    more = len(deviating) - MAX_NAMED
    return ", ".join([*deviating[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])])


def _image(component: RunningComponent, components: list[RunningComponent]) -> str:
    """Return a component's image tag, and also its release if the same tag runs different releases."""
    tag = component.image_tag
    releases = {candidate.release for candidate in components if candidate.image_tag == tag}
    return tag if len(releases) == 1 else f"{tag} (release {component.release})"
