from __future__ import annotations

import pytest

from testing.installed_line import DEFAULTS
from testing.kubernetes_api import KUBERNETES_EXECUTOR
from testing.proof import STOCK, Proof

(RETRIES,) = (
    row for row in DEFAULTS if row.documented.endswith("KUBERNETES_EXECUTOR__TASK_PUBLISH_MAX_RETRIES")
)


def test_revoked_task_gets_one_pod_after_an_outage(proof: Proof) -> None:
    outcome = proof.run("pod_creation_outage", **KUBERNETES_EXECUTOR)  # the Runtime's defaults are in force
    failed = {"states": {"task_0": "queued"}, "pauses": proof.expect(stock=False, fixed=True)}
    assert outcome == {"failed": failed, "pods": proof.expect(stock=2, fixed=1)}


@pytest.mark.parametrize("half", [STOCK], indirect=True)
def test_airflows_default_fails_the_task(half: Proof) -> None:
    retries = {RETRIES.documented: RETRIES.airflow_default}
    outcome = half.run("pod_creation_outage", **KUBERNETES_EXECUTOR, **retries)
    assert outcome["failed"]["states"] == {"task_0": "failed"}
