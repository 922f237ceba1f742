"""What the health check prints: one bounded line, whatever the operator's words contain."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.health import __main__ as health

START, REASON = "http:///x:1/", "does not answer: [Errno 2] No such file or directory"


@pytest.mark.parametrize(
    ("prefix", "line"),
    [
        ("a\nb\tc", f"{START}a b c {REASON}"),
        ("\x1b[31ma\u202eb\x9b", f"{START} [31ma b {REASON}"),
        ("a" * 10_000, START + "a" * (health.MAX_LENGTH - len(START)) + "…"),
    ],
    ids=["lines", "terminal escapes", "long"],
)
def test_message_is_one_bounded_line_without_terminal_escapes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    prefix: str,
    line: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    words = ("celery", "flower", "-H", "unix:///x", "-p", "1", "--url-prefix", prefix)
    monkeypatch.setattr(health, "container_subcommand", lambda _environ: words)
    assert health.main() == 1
    assert capsys.readouterr().out == line + "\n"
