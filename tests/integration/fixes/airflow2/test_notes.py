"""A component writes notes, which refer to users, also with an auth manager that defines none."""

from __future__ import annotations

import pytest

from testing.proof import Proof

OTHER = "airflow.auth.managers.base_auth_manager.BaseAuthManager"


@pytest.mark.parametrize("manager", [{}, {"AIRFLOW__CORE__AUTH_MANAGER": OTHER}], ids=["FAB", "another"])
def test_component_writes_a_note(half: Proof, manager: dict[str, str]) -> None:
    assert half.run("note_of_run", **manager) == ["a note"]
