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
    images = _images(components)
    counts = Counter(images)
    if len(counts) < 2:
        return
    (image, count), (_, runner_up_count) = counts.most_common(2)
    common = image if count > runner_up_count else None
    majority = f"{count} of {len(components)} components run {image}, but " if common else ""
    text = f"Image tags differ: {majority}{_describe_deviating(components, images, common)}."
    fingerprint = sha256("\0".join(sorted(counts)).encode()).hexdigest()[:16]
    yield Notice(id=f"image-tags:{fingerprint}", level="warning", text=text)


def _describe_deviating(components: list[RunningComponent], images: list[str], common: str | None) -> str:
    """Describe the components that do not run the `common` image, the first few by name."""
    deviating = [
        f"{component.component} on {component.host} runs {image}"
        for component, image in zip(components, images, strict=True)
        if image != common
    ]
    more = len(deviating) - MAX_NAMED
    return ", ".join([*deviating[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])])


def _images(components: list[RunningComponent]) -> list[str]:
    """Return the components' image tags, with the release of those whose tag runs different releases."""
    releases: dict[str, set[str]] = {}
    for component in components:
        releases.setdefault(component.image_tag, set()).add(component.release)
    return [
        component.image_tag
        if len(releases[component.image_tag]) == 1
        else f"{component.image_tag} (release {component.release})"
        for component in components
    ]
