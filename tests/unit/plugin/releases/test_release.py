"""A release's facts are validated wherever they come from."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from astro_runtime_plugin.releases.release import Release

FACTS: dict[str, Any] = {
    "release": "3.3-1",
    "airflow": "3.3.2",
    "release_date": "2026-11-24",
    "end_of_maintenance": "2028-11-30",
}


def test_release_is_validated_and_immutable() -> None:
    release = Release(**FACTS)
    assert release.release_date == date(2026, 11, 24)
    with pytest.raises(ValidationError, match="must come after"):
        Release(**FACTS | {"end_of_maintenance": "2026-01-31"})
    with pytest.raises(ValidationError, match="frozen"):
        release.yanked = True


def test_yanked_reason_is_a_single_line_of_printable_characters() -> None:
    release = Release(**FACTS, yanked=True, yanked_reason="500s\n in the\x1b[31m\u202eweb server ")
    assert release.yanked_reason == "500s in the [31m web server"


@pytest.mark.parametrize(
    ("reason", "why"),
    [("500s.", "500s"), ("500s", "500s"), ("", "no reason is given"), (" . ", "no reason is given")],
)
def test_why_yanked_fits_into_a_sentence(reason: str, why: str) -> None:
    assert Release(**FACTS, yanked=True, yanked_reason=reason).why_yanked == why
