"""The API server builds none of Airflow's routes before they are used, and what they do is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.proof import FIXED, STOCK, Proof, copy_migrated_database, templates_folder


def test_routes_are_not_built_at_the_start(proof: Proof) -> None:
    count = proof.run("eager_routes", "routes")
    assert count["routes"] > 100
    assert count["built"] == proof.expect(stock=count["routes"], fixed=0)


def test_routes_are_those_of_stock_airflow(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    applications = []
    for mode in (STOCK, FIXED):
        home = tmp_path / mode
        copy_migrated_database(templates_folder(tmp_path_factory), home)
        applications.append(Proof(mode, home).run("eager_routes", "documents"))
    stock, fixed = applications
    assert stock == fixed
    assert [status for status, _ in fixed["replies"]] == [
        200,
        422,
        404,
        201,
        422,
        200,
        200,
        204,
        200,
        200,
        403,
    ]
    assert len(fixed["documents"]) > 10
