"""The tasks' API builds the newest version first, and all of them answer as those of stock Airflow do."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.fixed_secrets import SECRET_KEY
from testing.proof import FIXED, STOCK, Proof, copy_migrated_database, templates_folder


@pytest.fixture
def halves(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proof]:
    """Stock Airflow, and Airflow with the fixes, each with a database of its own."""
    homes = {mode: tmp_path / mode for mode in (STOCK, FIXED)}
    for home in homes.values():
        copy_migrated_database(templates_folder(tmp_path_factory), home)
    return {mode: Proof(mode, home) for mode, home in homes.items()}


def test_older_versions_are_built_when_one_is_asked_for(proof: Proof) -> None:
    assert proof.run("needless_versions")["built"] == proof.expect(stock=[9, 9], fixed=[1, 9])


def test_versions_are_those_of_stock_airflow(halves: dict[str, Proof]) -> None:
    stock, fixed = (half.run("needless_versions") for half in halves.values())
    assert {**fixed, "built": stock["built"]} == stock
    assert len({digest for _, digest in fixed["documents"].values()}) == len(fixed["documents"]) == 9
    assert {status for status, _ in fixed["documents"].values()} == {200}


def test_client_of_each_version_gets_the_data_of_its_version(halves: dict[str, Proof]) -> None:
    key = {"AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY}
    stock, fixed = (half.run("answers_of_versions", **key) for half in halves.values())
    assert fixed == stock
    newest, oldest, *_, newest_again = fixed
    assert newest == newest_again != oldest
