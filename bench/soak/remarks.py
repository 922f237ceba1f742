"""Why what a component uses grows in the soak, where that is known and stays so: by line, and name of the component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.soak.growth import Growth

REMARKS: Mapping[tuple[str, str], str] = {}


def explain(
    line: str, growths: Iterable[Growth], remarks: Mapping[tuple[str, str], str] = REMARKS
) -> list[str]:
    """Return a line for each component that is not flat, with the reason."""
    return [
        f"- {growth.component}: {remarks.get((line, growth.component), 'the reason is not known yet.')}"
        for growth in growths
        if not growth.is_flat
    ]
