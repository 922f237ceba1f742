"""The plugin's child processes: work that must neither block the scheduler nor hold a lock while it forks.

The parent pickles a question to the child's stdin; the child writes each answer to stdout as one line of JSON.
With `close_fds=False`, `subprocess` uses posix_spawn. With a fork it would wait for a pipe to close, and another
process that the scheduler forks meanwhile could keep an end of that pipe open. A child inherits only stderr (PEP 446).
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from tempfile import TemporaryFile
from typing import IO, Any, cast

from entrypoint.child_command import child_command

Child = subprocess.Popen[bytes]


class ChildFailedError(Exception):
    """A child ended without an answer; `code` is its exit code, -SIGALRM if it ran out of time."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the process ended with {code}")
        self.code = code


def ask(module: str, question: Any, seconds: float) -> Any:
    """Return the answer of a child that runs `module.main`. Raises ChildFailedError; kills the child after `seconds`.

    Uses files instead of pipes: a process that the scheduler forks meanwhile could keep an end of a pipe open.
    """
    with TemporaryFile() as stdin, TemporaryFile() as stdout:
        pickle.dump(question, stdin)
        stdin.seek(0)
        code = _wait(subprocess.Popen(command(module), stdin=stdin, stdout=stdout, close_fds=False), seconds)
        stdout.seek(0)
        with suppress(ValueError):
            return json.load(stdout)
    raise ChildFailedError(code)


def start(module: str, question: Any) -> Child:
    """Start a child that runs `module.main` and answers on its stdout again and again.

    Raises OSError, and what `pickle` raises if the question cannot be pickled; no child is started then.
    """
    pickled = pickle.dumps(question)
    child = subprocess.Popen(command(module), stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    stdin = cast("IO[bytes]", child.stdin)
    stdin.write(pickled)
    stdin.flush()
    return child


def command(module: str) -> list[str]:
    """Return the command line of a child that runs `module.main`."""
    return child_command(__name__, module, environ=os.environ)


def _wait(child: Child, seconds: float) -> int:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        return -signal.SIGALRM


def main(module: str) -> None:
    """Run `module.main` in the child. SIGALRM ends the child; a Ctrl-C is for the parent."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_module(module).main()


def read_question() -> Any:
    """Return the parent's question, in the child. Raises whatever the modules raise that the question names."""
    return pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the parent


def answer(value: Any) -> None:
    """Send an answer, in the child; exit if the parent no longer reads."""
    try:
        print(json.dumps(value), flush=True)
    except BrokenPipeError:
        os._exit(0)


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """End the child, wherever it hangs, if the block takes longer than `seconds`."""
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
