"""Adds the image to a Celery worker's reply to `inspect stats`, which costs it no message of its own.

A command of the remote control's would be an error in the log of each worker that does not have it.
"""

from __future__ import annotations

from typing import Any

from celery.bootsteps import StartStopStep

from astro_runtime_plugin.inventory.current_image import current_image
from astro_runtime_plugin.parallelism.replies import IMAGE_KEY


class ImageStep(StartStopStep):  # type: ignore[misc]
    """A part of a worker that does nothing but tell. Source: `Blueprint.info` in celery/bootsteps.py."""

    def info(self, _: object) -> dict[str, Any]:
        """Return what is added to the reply."""
        return {IMAGE_KEY: current_image()._asdict()}


def add_image(worker: Any) -> None:
    """Add it to a Celery worker that is about to start. Raises what `current_image` raises."""
    current_image()  # it is cached: no reply fails later
    worker.app.steps["worker"].add(ImageStep)
