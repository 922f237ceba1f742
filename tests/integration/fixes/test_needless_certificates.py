"""The client of the API server reads certificates for TLS only, and trusts the same servers as before."""

from __future__ import annotations

from pathlib import Path

from testing.certificate import write_certificate
from testing.proof import Proof

REFUSED = "CERTIFICATE_VERIFY_FAILED"


def test_client_of_a_server_without_tls_reads_no_certificates(proof: Proof) -> None:
    read = proof.expect(stock=True, fixed=False)
    assert proof.run("needless_certificates", "") == {"read": read, "answer": "ok"}


def test_client_refuses_a_server_with_an_unknown_certificate(proof: Proof, tmp_path: Path) -> None:
    """It has then read as many certificates as stock's context has."""
    certificate = write_certificate(tmp_path / "certificate.pem")
    seen = proof.run("needless_certificates", str(certificate))
    assert seen == {"read": proof.expect(stock=True, fixed=False), "answer": REFUSED, "authorities": True}


def test_client_trusts_the_certificate_of_the_settings(half: Proof, tmp_path: Path) -> None:
    certificate = str(write_certificate(tmp_path / "certificate.pem"))
    seen = half.run("needless_certificates", certificate, AIRFLOW__API__SSL_CERT=certificate)
    assert seen == {"read": True, "answer": "ok", "authorities": True}
