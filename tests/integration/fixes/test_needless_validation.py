"""What the image's build has validated is not validated again; anything else is."""

from __future__ import annotations

from pathlib import Path

from testing.proof import Proof


def test_listed_providers_are_not_validated(proof: Proof, tmp_path: Path) -> None:
    seen = proof.run("needless_validation", str(tmp_path / "prefix"))
    assert "apache-airflow-providers-celery" in seen["providers"]
    assert seen["imported"] is proof.expect(stock=True, fixed=False)


def test_provider_that_is_not_listed_is_validated(half: Proof, tmp_path: Path) -> None:
    seen = half.run("needless_validation", str(tmp_path / "prefix"), "invalid")
    assert seen == {"providers": ["ValidationError"], "imported": True}
