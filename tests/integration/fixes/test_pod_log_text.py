from __future__ import annotations

from testing.proof import Proof

TEXT = "Grüße\nfrom a pod\n"


def test_log_of_a_pod_is_its_text(proof: Proof) -> None:
    outcome = proof.run("pod_log_text")
    assert outcome["client"] == proof.expect(stock=str(TEXT.encode()), fixed=TEXT)
    assert outcome["not UTF-8"] == proof.expect(stock=r"b'\xff'", fixed="�")
    assert outcome["Airflow"] == TEXT
