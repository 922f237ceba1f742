"""A copy of the package, whose catalogue a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.cli_process import PackageCopy


@pytest.fixture
def package_copy(tmp_path: Path) -> PackageCopy:
    return PackageCopy(tmp_path)
