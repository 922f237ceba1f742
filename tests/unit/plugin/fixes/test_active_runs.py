from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.fixes.active_runs import count_after_end

RUN = SimpleNamespace(dag_id="dag", run_type="operator_triggered", state="success")


class Runner:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def _set_exceeds_max_active_runs(self, **_: Any) -> None:
        raise self.error


def schedule(error: Exception, monkeypatch: pytest.MonkeyPatch) -> Any:
    """End a run, whose count fails."""
    from airflow.models.dag import DagModel

    monkeypatch.setattr(DagModel, "get_dagmodel", lambda *_, **__: "dag")
    return count_after_end(lambda *_: "callback")(Runner(error), RUN, None)


def test_error_of_the_database_reaches_the_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would go on with a transaction that is aborted."""
    error = OperationalError("UPDATE dag", {}, SimpleNamespace())  # type: ignore[arg-type]
    with pytest.raises(OperationalError):
        schedule(error, monkeypatch)


def test_any_other_error_leaves_the_scheduler_as_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    assert schedule(KeyError("dag"), monkeypatch) == "callback"
