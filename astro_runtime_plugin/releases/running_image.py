"""Which image runs. No I/O."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from astro_runtime_plugin.options.text import single_line

Label = Annotated[str, AfterValidator(single_line), Field(min_length=1)]


class RunningImage(NamedTuple):
    """The image tag and the release of a component.

    The annotations are checked where another process says what it runs.
    """

    image_tag: Label
    release: Label

    def __str__(self) -> str:
        if self.image_tag == self.release:
            return self.release
        return f"{self.image_tag} (release {self.release})"
