"""The web server's start validates no document that is known to be valid; any other is validated, or refused."""

from __future__ import annotations

from dataclasses import replace

from testing.proof import STOCK, Proof

PROBE = "needless_spec_validation"
STABLE, ROLES = "Airflow API (Stable)", "Flask App Builder User & Role API"


def test_web_server_validates_no_document_that_is_known_to_be_valid(proof: Proof) -> None:
    seen = proof.run(PROBE)
    assert seen["at start"] == proof.expect(stock=[STABLE, ROLES], fixed=[])


def test_documents_are_loaded_as_by_stock_airflow(half: Proof) -> None:
    seen, stock = half.run(PROBE), replace(half, mode=STOCK).run(PROBE)
    assert (seen["loaded"], seen["changed"]) == (stock["loaded"], stock["changed"])
    assert seen["invalid"] == "InvalidSpecification"
    assert seen["validated later"] == ["Another API", STABLE]
