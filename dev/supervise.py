"""Runs the components until the operator stops them or one of them ends."""

from __future__ import annotations

import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from dev import processes
from dev.lines import HERE
from dev.processes import Component

NOTHING: Mapping[str, str] = {}
PAUSE = 0.2  # seconds between two looks at the children
PATIENCE = 300  # seconds from the start to healthy, on a machine that is slow beyond reason


class StoppedError(Exception):
    """The operator asked for a stop."""


class FailedError(Exception):
    """A component ended, or never became healthy; `str()` is the message."""


class Signals:
    """What the operator has asked for by signals: a stop, or, with a second Ctrl-C, a stop at once."""

    def __init__(self) -> None:
        """Take the signals; a SIGHUP that is ignored (nohup) stays so."""
        self._stop = self.at_once = False
        self._terminal = select.poll()
        if sys.stderr.isatty():
            self._terminal.register(sys.stderr, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._asked)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        """Note the signal; a second SIGTERM may be the first one, passed on by make, and does not hurry."""
        self.at_once |= self._stop and number == signal.SIGINT
        self._stop = True

    @property
    def stop(self) -> bool:
        """Whether a stop was asked for, or the terminal has been closed: make keeps its SIGHUP to itself."""
        return self._stop or any(event & select.POLLHUP for _, event in self._terminal.poll(0))


class Supervisor:
    """The components that were started, in `environ`, with their output in the folder `logs`."""

    def __init__(self, environ: Mapping[str, str], logs: Path, signals: Signals) -> None:
        self.environ = environ
        self.logs = logs
        self.signals = signals
        self.components: list[Component] = []

    def finish(self, name: str, words: Sequence[str], more: Mapping[str, str] = NOTHING) -> str:
        """Run `words` to their end, with `more` in the environment, and return their output."""
        step = Component(name, words, {**self.environ, **more}, self.logs)
        self.components.append(step)
        while step.running:
            self._pause()
        self.components.remove(step)
        if step.process.returncode:
            raise FailedError(_ended(step))
        return step.log.read_text(errors="replace")

    def start(self, port: int) -> None:
        """Start every component; what the browser talks to listens on `port`."""
        for name, words in HERE.components.items():
            told = [word.format(port=port) for word in words]
            self.components.append(Component(name, told, self.environ, self.logs))

    def wait_until(self, unhealthy: Callable[[], list[str]]) -> None:
        """Return when `unhealthy` names nothing more."""
        deadline = time.monotonic() + PATIENCE
        while names := unhealthy():
            if time.monotonic() > deadline:
                raise FailedError(
                    f"not healthy after {PATIENCE} s: {', '.join(names)}; its log: {self.logs}/"
                )
            self.watch(1)

    def watch(self, seconds: float = float("inf")) -> None:
        """Return after `seconds`; raises StoppedError, or FailedError when a component ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for component in self.components:
                if not component.running:
                    raise FailedError(_ended(component))
            self._pause()

    def _pause(self) -> None:
        if self.signals.stop:
            raise StoppedError
        time.sleep(PAUSE)

    def stop(self) -> None:
        """Stop everything that was started and everything that it has started."""
        processes.stop(self.components, lambda: self.signals.at_once)


def _ended(component: Component) -> str:
    return (
        f"{component.name} ended with {component.ending}; the last lines of {component.log}:\n"
        f"{component.last_lines}\n{component.name} ended with {component.ending}"
    )
