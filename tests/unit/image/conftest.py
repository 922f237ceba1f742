from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.image.image_environment import ImageEnvironment, build_index


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> ImageEnvironment:
    """An environment for lists that cannot be installed: it stays as it is."""
    return ImageEnvironment(tmp_path_factory.mktemp("image"), wheels)


@pytest.fixture
def fresh(tmp_path: Path, wheels: Path) -> ImageEnvironment:
    """An environment to install into."""
    return ImageEnvironment(tmp_path, wheels)
