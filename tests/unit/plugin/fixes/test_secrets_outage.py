from __future__ import annotations

from typing import Any

import pytest
from airflow.exceptions import AirflowNotFoundException
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.fixes import secrets_outage
from astro_runtime_plugin.fixes.support import running_task
from astro_runtime_plugin.fixes.support.running_task import task

AWAY = OperationalError("SELECT", {}, Exception("connection refused"))
NOT_MIGRATED = OperationalError("SELECT", {}, Exception("no such table: variable"))


class Backends:
    """Two secrets backends: one that is broken, and the database, which does or raises one thing after the other."""

    def __init__(self, *results: Any) -> None:
        self._results = list(results)

    @secrets_outage.record_outage
    def read_database(self, _: str) -> Any:
        result = self._results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def find(self, name: str) -> Any:
        """Search as Airflow does."""
        for read in (self.read_broken, self.read_database):
            try:
                value = read(name)
            except Exception:
                continue
            if value is not None:
                return value
        return None

    def read_broken(self, _: str) -> Any:
        raise OSError

    def find_connection(self, name: str) -> Any:
        """Search as Airflow does for a connection."""
        if (value := self.find(name)) is None:
            raise AirflowNotFoundException(name)
        return value


def find(*results: Any) -> Any:
    return secrets_outage.report_outage(Backends(*results).find)("name")


def test_what_another_backend_has_not_is_missing() -> None:
    assert find(None) is None
    assert find("value") == "value"
    with pytest.raises(AirflowNotFoundException):
        secrets_outage.report_outage(Backends(None).find_connection)("name")


def test_database_that_is_away_is_reported() -> None:
    with pytest.raises(OperationalError):
        find(AWAY)
    with pytest.raises(OperationalError):
        secrets_outage.report_outage(Backends(AWAY).find_connection)("name")


@pytest.mark.parametrize("error", [NOT_MIGRATED, ValueError()])
def test_other_errors_of_the_database_count_as_missing(error: Exception) -> None:
    assert find(error) is None


@pytest.mark.parametrize("attribute", ["session", "command"])
def test_search_in_a_task_or_its_supervisor_reads_again_after_the_outage(
    attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, attribute, object())
    monkeypatch.setattr(running_task, "wait_for_database", lambda session: None)
    assert find(AWAY, "value") == "value"
    assert find(AWAY, None) is None
    with pytest.raises(OperationalError):
        find(AWAY, AWAY)


def test_error_of_an_earlier_search_is_forgotten() -> None:
    with pytest.raises(OperationalError):
        find(AWAY)
    assert find(None) is None
