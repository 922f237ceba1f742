"""The settings of the notices: an invalid value is logged once, and the default applies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from astro_runtime_plugin.options import section
from astro_runtime_plugin.options.section import (
    DEFAULT_DAYS,
    DISMISSAL_DAYS,
    NOTICES,
    THRESHOLD_DAYS,
    notice_days,
    notices_enabled,
)
from testing.entrypoint_process import CHECKOUT

SETTINGS = CHECKOUT / "docs" / "reference" / "settings.md"


class Conf:
    """Airflow's `conf` with a single option."""

    def __init__(self, name: str, value: str | None) -> None:
        self._values = {("astro_runtime", name): value}

    def get(self, section: str, name: str, fallback: str | None = None) -> str | None:
        return self._values.get((section, name), fallback)


@pytest.fixture(autouse=True)
def _no_warnings_yet() -> Iterator[None]:
    section.warn_once.cache_clear()
    yield
    section.warn_once.cache_clear()


@pytest.mark.parametrize(
    ("value", "enabled"),
    [
        (None, True),
        ("", True),
        ("True", True),
        (" t ", True),
        ("1", True),
        ("False", False),
        ("0", False),
        ("F", False),
        ("False  # in the log only", False),
    ],
)
def test_notices_enabled_reads_booleans_as_airflow_does(
    value: str | None, enabled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert notices_enabled(Conf("notices", value)) is enabled
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("name", "value", "days"),
    [
        (THRESHOLD_DAYS, None, 30),
        (THRESHOLD_DAYS, " 0 ", 0),
        (THRESHOLD_DAYS, "3650", 3650),
        (DISMISSAL_DAYS, None, 7),
        (DISMISSAL_DAYS, "14", 14),
    ],
)
def test_notice_days_reads_whole_numbers(
    name: str, value: str | None, days: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert notice_days(Conf(name, value), name) == days
    assert caplog.messages == []


@pytest.mark.parametrize("value", ["-1", "1.5", "a week", "3651", "9" * 5000, "²"])
def test_invalid_days_are_logged_once_and_the_default_applies(
    value: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert notice_days(Conf(THRESHOLD_DAYS, value), THRESHOLD_DAYS) == 30
    assert caplog.messages == [
        "[astro_runtime] notice_threshold_days must be a whole number of days from 0 to 3650; using 30"
    ]


def test_invalid_boolean_is_logged_once_and_notices_stay_enabled(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        assert notices_enabled(Conf("notices", "off"))
    assert caplog.messages == ["[astro_runtime] notices must be True or False; using True"]


@pytest.mark.parametrize("name", ["update_url", NOTICES, THRESHOLD_DAYS, DISMISSAL_DAYS])
def test_every_setting_is_documented(name: str) -> None:
    (row,) = [line for line in SETTINGS.read_text().splitlines() if line.startswith(f"| `{name}` |")]
    assert str(DEFAULT_DAYS.get(name, "")) in row
