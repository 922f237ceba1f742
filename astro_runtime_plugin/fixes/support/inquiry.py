"""A question to a child process whose answer is fetched later: nobody waits for it."""

from __future__ import annotations

import json
import pickle
import subprocess
import time
from tempfile import TemporaryFile
from typing import Any

from astro_runtime_plugin import child_process


class Inquiry:
    """A child that runs `module.main`, answers once and ends; it is killed after `seconds`."""

    def __init__(self, module: str, question: Any, seconds: float) -> None:
        self._answer = TemporaryFile()  # noqa: SIM115 - until the answer is read
        self._deadline = time.monotonic() + seconds
        with TemporaryFile() as stdin:
            pickle.dump(question, stdin)
            stdin.seek(0)
            self._child = subprocess.Popen(
                child_process.command(module), stdin=stdin, stdout=self._answer, close_fds=False
            )

    @property
    def is_over(self) -> bool:
        """Whether the child has ended; one that has run for too long is killed."""
        if self._child.poll() is None and time.monotonic() > self._deadline:
            self._child.kill()
            self._child.wait()
        return self._child.poll() is not None

    def answer(self) -> Any:
        """Return the child's answer, or None if it gave none."""
        with self._answer as answer:
            answer.seek(0)
            try:
                return json.load(answer)
            except ValueError:
                return None
