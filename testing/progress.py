"""Progress of fixtures that take long to prepare, visible while the tests run, also in the workers of pytest-xdist."""

from __future__ import annotations

import sys

import pytest


def announce(config: pytest.Config, preparation: str) -> None:
    """Write one line to stderr, past pytest's capture: a worker's stderr is that of `make test`."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"preparing {preparation}", file=sys.stderr, flush=True)
