"""Containers for the tests, run by the real engine through the docker command."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from testing.expected_warnings import EXPECTED
from testing.waiting import wait_until

PATIENCE = 900  # seconds: how long a busy machine may take for anything

# Log lines at level warning or above and tracebacks, in any format.
COMPLAINT = re.compile(
    r"\b(WARN(ING)?|ERROR|CRITICAL|FATAL)\b|Traceback|\[(warning|error|critical)\s*\]|Exception:"
)


def docker(*words: str, check: bool = True, stdin: str | None = None, seconds: float = PATIENCE) -> str:
    """Run a docker command; return its standard output, stripped. Raises AssertionError with its output if it fails."""
    done = run(*words, stdin=stdin, seconds=seconds)
    assert not check or done.returncode == 0, f"docker {words[0]}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def run(*words: str, stdin: str | None = None, seconds: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """Run a docker command to its end, whatever its exit code."""
    return subprocess.run(
        ["docker", *words], input=stdin, capture_output=True, text=True, timeout=seconds, check=False
    )


def once(image: str, *command: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a container to its end: `docker run --rm OPTIONS IMAGE COMMAND`."""
    return run("run", "--rm", *options, image, *command)


class Container:
    """A container that runs in the background."""

    def __init__(self, name: str) -> None:
        self.name = name

    def log(self) -> str:
        """Return its output so far, both streams."""
        done = run("logs", self.name)
        return done.stdout + done.stderr

    def exec(self, *words: str, options: Sequence[str] = ()) -> str:
        """Run a program in it and return its output."""
        return docker("exec", *options, self.name, *words)

    def inspect(self, path: str) -> Any:
        """Return a part of `docker inspect`, such as `.State.Health.Status`."""
        return json.loads(docker("inspect", "--format", f"{{{{json {path}}}}}", self.name))

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return bool(self.inspect(".State.Running"))

    def wait_until_healthy(self, seconds: float = PATIENCE) -> None:
        """Wait until its health check succeeds."""
        wait_until(
            lambda: self.inspect(".State.Health.Status") == "healthy",
            self.log,
            seconds=seconds,
            failed=lambda: not self.runs,
        )

    def wait_until_logged(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until its log contains `text`."""
        wait_until(
            lambda: text in self.log(),
            self.log,
            seconds=seconds,
            failed=lambda: not self.runs and text not in self.log(),
        )

    def stop(self, seconds: int = 300) -> int:
        """Stop it with SIGTERM, after `seconds` with SIGKILL, and return its exit code."""
        docker("stop", "--time", str(seconds), self.name)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait until it exits and return its exit code."""
        return int(docker("wait", self.name))

    def address(self, port: int = 8080) -> str:
        """Return the address of a published port on the host: `127.0.0.1:32768`."""
        return docker("port", self.name, str(port)).splitlines()[0]


@contextmanager
def run_container(image: str, *command: str, options: Sequence[str] = ()) -> Iterator[Container]:
    """Run a container until the end of the block."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    docker("run", "--detach", "--name", name, *options, image, *command)
    try:
        yield Container(name)
    finally:
        run("rm", "--force", "--volumes", name)


@contextmanager
def assert_container_runs_cleanly(
    image: str, *command: str, options: Sequence[str] = (), expected: Sequence[str] = ()
) -> Iterator[Container]:
    """Run a container until the end of the block, then assert that its log has no unexpected complaints.

    Expected are those that match EXPECTED or `expected`, regular expressions.
    """
    with run_container(image, *command, options=options) as up:
        yield up
        assert_no_complaints(up.log(), [*EXPECTED, *expected])


@contextmanager
def network() -> Iterator[str]:
    """Create a network until the end of the block; containers on it reach each other by name."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    docker("network", "create", name)
    try:
        yield name
    finally:
        run("network", "rm", name)


def assert_no_complaints(log: str, expected: Sequence[str] = ()) -> None:
    """Assert that a log has no warnings and errors but those of `expected`, regular expressions."""
    lines = complaints(log, expected)
    assert not lines, "\n".join(["unexpected log lines:", *lines, "the whole log:", log])


def complaints(log: str, expected: Sequence[str] = ()) -> list[str]:
    """Return the warnings and errors of a log that match none of `expected`, regular expressions."""
    lines = (line for line in log.splitlines() if COMPLAINT.search(line))
    return [line for line in lines if not any(re.search(pattern, line) for pattern in expected)]
