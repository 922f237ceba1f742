from __future__ import annotations

from astro_runtime_plugin.fixes.support.lost_database import report_loss, take_loss


def test_loss_is_taken_once_and_from_its_beginning() -> None:
    take_loss()
    assert take_loss() is None
    for last_heartbeat in (20.0, 10.0, 30.0):
        report_loss(last_heartbeat)
    assert take_loss() == 10.0
    assert take_loss() is None
