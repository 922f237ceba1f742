"""The web server's start compares no document that is valid; any other is compared, and refused, as before."""

from __future__ import annotations

from dataclasses import replace

from testing.proof import STOCK, Proof

PROBE = "needless_spec_validation"
STABLE, ROLES = "Airflow API (Stable)", "Flask App Builder User & Role API"


def test_web_server_compares_no_document_that_is_valid(proof: Proof) -> None:
    seen = proof.run(PROBE)
    assert seen["at start"] == proof.expect(stock=[STABLE, ROLES], fixed=[])


def test_documents_are_loaded_as_by_stock_airflow(half: Proof) -> None:
    seen, stock = half.run(PROBE), replace(half, mode=STOCK).run(PROBE)
    assert (seen["loaded"], seen["changed"]) == (stock["loaded"], stock["changed"])
    assert seen["invalid"] == "InvalidSpecification"
    assert seen["compared later"] == ["Another API", STABLE]
