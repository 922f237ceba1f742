"""The audit log: one line an event, in the background, and nothing that the database refuses blocks it."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.identity.sessions import audit
from testing.identity.moving_clock import MovingClock
from testing.identity.sessions import AuditTableDouble


@pytest.fixture
def log(audit_table: AuditTableDouble, clock: MovingClock) -> audit.AuditLog:
    return audit.AuditLog(audit_table, clock, is_background=False)


def texts(table: AuditTableDouble) -> list[str]:
    return [line.text for line in table.lines]


def test_text_is_one_line_that_every_database_takes(
    log: audit.AuditLog, audit_table: AuditTableDouble
) -> None:
    log.record(audit.LOGIN, "ann\r\n\x00🐘\ud800", "a\nb\x00" + "x" * 5000)
    assert log.flush()
    (line,) = audit_table.lines
    assert line.owner == line.display_name == "ann \ufffd"
    assert line.text.startswith("a b xxx")
    assert len(line.text) <= audit.MAX_TEXT + 1
    line.owner.encode("utf-8")


def test_refused_line_is_dropped_with_one_warning(
    log: audit.AuditLog, audit_table: AuditTableDouble, caplog: pytest.LogCaptureFixture
) -> None:
    audit_table.refuses = "bad"
    for text in ("1", "bad", "2", "bad", "bad", "3"):
        log.record(audit.LOGIN, "ann", text)
    assert log.flush()
    assert texts(audit_table) == ["1", "2", "3"]
    assert [record.getMessage() for record in caplog.records] == [
        "the database refuses a line of the audit log, which is lost: RuntimeError"
    ]


def test_lines_wait_for_database(log: audit.AuditLog, audit_table: AuditTableDouble) -> None:
    audit_table.is_away = True
    for number in range(3):
        log.record(audit.LOGIN, "ann", str(number))
    assert not log.flush()
    assert not log.flush()
    audit_table.is_away = False
    log.record(audit.LOGIN, "ann", "3")
    assert log.flush()
    assert texts(audit_table) == ["0", "1", "2", "3"]


def test_queue_is_bounded(
    log: audit.AuditLog,
    audit_table: AuditTableDouble,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(audit, "MAX_LINES", 10)
    for number in range(30):
        log.record(audit.LOGIN, "ann", str(number))
    assert log.flush()
    assert texts(audit_table) == [str(number) for number in range(10)]
    assert len(caplog.records) == 1


def test_long_queue_is_written_in_batches(log: audit.AuditLog, audit_table: AuditTableDouble) -> None:
    for number in range(2 * audit.BATCH + 1):
        log.record(audit.LOGIN, "ann", str(number))
    assert log.flush()
    assert len(audit_table.lines) == 2 * audit.BATCH + 1
