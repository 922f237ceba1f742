from __future__ import annotations

import logging

import pytest

from astro_runtime_plugin.notices import scheduler_log
from astro_runtime_plugin.notices.notice import Notice


def test_each_notice_is_logged_once_at_its_level(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_log, "_logged", set())
    notices = [
        Notice(id="a", level="critical", text="100 % yanked"),
        Notice(id="b", level="warning", text="ends soon"),
        Notice(id="c", level="info", text="there is more"),
    ]
    with caplog.at_level(logging.INFO, "astro_runtime"):
        scheduler_log.log_notices(notices)
        scheduler_log.log_notices([*notices, Notice(id="d", level="info", text="new")])
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "100 % yanked"),
        (logging.WARNING, "ends soon"),
        (logging.INFO, "there is more"),
        (logging.INFO, "new"),
    ]
