"""A process imports pygments when it highlights, and then shows what stock Airflow shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testing.installed_line import LINE
from testing.proof import STOCK, Proof

PROBE = "needless_highlighting"
STEPS = ("airflow", "httpx", "airflow.utils.db", "airflow.cli.simple_table", "celery.bin.base")
# What stock Airflow has imported after each of the steps.
IMPORTED: list[list[str]] = {
    "3.3": [["pygments", "rich.syntax", "rich.traceback"]] * len(STEPS),
    "2.11": [[], *[["pygments", "rich.syntax"]] * (len(STEPS) - 1)],
}[LINE]


@pytest.mark.parametrize("words", [("version",), ("scheduler",)], ids=" ".join)
def test_process_imports_pygments_to_highlight(proof: Proof, words: tuple[str, ...]) -> None:
    seen = proof.run(PROBE, *words)
    assert [*seen["imported"]] == [*STEPS]
    assert [*seen["imported"].values()] == proof.expect(stock=IMPORTED, fixed=[[] for _ in STEPS])
    assert all(seen["same"])


def test_process_shows_what_stock_airflow_shows(half: Proof) -> None:
    shown = half.run(PROBE, "version")["shown"]
    assert shown == replace(half, mode=STOCK).run(PROBE, "version")["shown"]
    assert "syntax-highlighted" in shown["page"]
    assert all("\x1b[" in shown[name] for name in {*shown} - {"page", "answer"})
