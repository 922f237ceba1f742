"""Signals during a start, in real processes; tests/integration/start covers them with components."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from testing.entrypoint_process import CHECKOUT

WAIT = """
import sys, time
from entrypoint.signals import StopRequested, exit_by_signal, install_handlers
install_handlers()
try:
    print("ready", flush=True)
    time.sleep(60)
except StopRequested as stop:
    print("stopped by", stop.number, flush=True)
    sys.exit(exit_by_signal(stop.number))
"""
LIST_IGNORED = """
import signal
from entrypoint.signals import restore_default_signals
restore_default_signals()
print(*(signal.getsignal(number) == signal.SIG_DFL for number in (signal.SIGPIPE, signal.SIGXFSZ)))
"""
IGNORE = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_the_wait_and_ends_the_process(number: signal.Signals) -> None:
    words = [sys.executable, "-c", WAIT]
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.communicate()[0] == f"stopped by {int(number)}\n"
    assert process.returncode == -number


def test_ignored_signal_stays_ignored() -> None:
    words = [sys.executable, "-c", IGNORE + WAIT]
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.communicate()[0] == f"stopped by {int(signal.SIGTERM)}\n"


def test_component_inherits_no_signal_that_python_ignores() -> None:
    words = [sys.executable, "-c", LIST_IGNORED]
    process = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert process.stdout == "True True\n"
