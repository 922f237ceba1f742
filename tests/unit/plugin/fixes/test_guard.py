"""A fix's own failure ends nothing: one warning, and the default."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from astro_runtime_plugin.fixes import guard
from astro_runtime_plugin.fixes.guard import attempt


@pytest.fixture(autouse=True)
def forget_warnings() -> Iterator[None]:
    guard._warned.clear()
    yield
    guard._warned.clear()


def test_result_is_returned(caplog: pytest.LogCaptureFixture) -> None:
    assert attempt("some-fix", 0, int, "12", base=8) == 10
    assert caplog.messages == []


def test_failure_gives_the_default_and_one_warning_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    for value in ("password", "another", None):
        assert attempt("some-fix", 7, int, value) == 7  # type: ignore[arg-type]
    assert caplog.messages == [
        "astro-runtime: fix some-fix failed (ValueError); Airflow works as stock there"
    ]


def test_each_fix_warns_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    for fix in ("some-fix", "other-fix", "some-fix"):
        attempt(fix, 0, int, "x")
    assert [message.split()[2] for message in caplog.messages] == ["some-fix", "other-fix"]


def test_request_to_stop_is_not_caught() -> None:
    def stop() -> int:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        attempt("some-fix", 0, stop)
