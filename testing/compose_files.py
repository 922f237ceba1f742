"""The Compose files of the project, read without an engine."""

from __future__ import annotations

from typing import Any

import yaml  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT


class ComposeLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads `!reset`, by which Compose removes what an earlier file has, as None."""


ComposeLoader.add_constructor("!reset", lambda loader, node: None)


def load_compose_file(name: str) -> dict[str, Any]:
    """Return the content of a file below the project's folder."""
    content: dict[str, Any] = yaml.load((CHECKOUT / name).read_text(), ComposeLoader)
    return content
