"""How long a task's start is repeated; the proof of the fix shows the rest with real supervisors."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from astro_runtime_plugin.fixes.support import patient_supervisor
from astro_runtime_plugin.fixes.support.patient_supervisor import patient_logging, patient_start


class Client:
    """What a supervisor sends its requests with."""


def test_log_and_start_of_a_task_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    begins: list[float] = []
    monkeypatch.setattr(patient_supervisor, "policy_since", begins.append)
    supervisor = SimpleNamespace(client=Client())
    start = patient_start(lambda supervisor, **details: "started")
    for _ in range(2):
        assert patient_logging(lambda path, client: path)("log", supervisor.client) == "log"
        assert start(supervisor, ti="task") == "started"
    assert begins[0] == begins[1] < begins[2] == begins[3]


def test_start_without_a_log_has_a_deadline_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    begins: list[float] = []
    monkeypatch.setattr(patient_supervisor, "policy_since", begins.append)
    start = patient_start(lambda supervisor: None)
    supervisor = SimpleNamespace(client=Client())
    start(supervisor)
    start(supervisor)
    assert begins[0] < begins[1]
