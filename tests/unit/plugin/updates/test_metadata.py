"""Facts of a release: which are converted, and which are ignored; test_document.py covers whole documents."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.updates.metadata import Metadata

BASE = {"airflowVersion": "3.3.2", "channel": "stable", "releaseDate": "2026-09-23"}


def release_with(**metadata: Any) -> Release:
    return Metadata.model_validate({**BASE, **metadata}).release("3.3-8")


def test_end_of_maintenance_precedes_end_of_support() -> None:
    assert release_with(endOfSupport="2027-04-30").end_of_maintenance == date(2027, 4, 30)
    both = release_with(endOfSupport="2027-04-30", endOfMaintenance="2028-07-31")
    assert both.end_of_maintenance == date(2028, 7, 31)


@pytest.mark.parametrize("value", ["", "  ", None, "soon", 5, ["2028-07-31"]])
def test_invalid_fact_is_ignored_and_the_others_are_read(value: object) -> None:
    release = release_with(endOfMaintenance=value, LTS=True, yanked=True)
    assert (release.end_of_maintenance, release.lts, release.yanked) == (None, True, True)


@pytest.mark.parametrize(
    ("value", "yanked"), [(False, False), ("no", False), ("", False), ("2026-10-01", True)]
)
def test_yanked_accepts_booleans_and_any_other_text_is_a_yank(value: object, yanked: bool) -> None:
    assert release_with(yanked=value).yanked is yanked


def test_release_without_a_date_has_no_channel() -> None:
    release = release_with(releaseDate="")
    assert (release.release_date, release.channel) == (None, None)


def test_invalid_airflow_version_is_an_error() -> None:
    with pytest.raises(ValidationError):
        release_with(airflowVersion="three")
