"""`astro-runtime identity check` as a real process, with a stdin of each kind."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from testing.entrypoint_process import environment

PROGRAM = str(Path(sys.executable).parent / "astro-runtime")
WORDS = (PROGRAM, "identity", "check")
CLOSED = ("sh", "-c", 'exec "$@" <&-', "sh")


class IdentityCommand:
    """Runs the command in `home`, with `variables`."""

    def __init__(self, home: Path, variables: Mapping[str, str]) -> None:
        self.home = home
        self.environ = environment(home, variables)

    def run(
        self, *options: str, token: str = "", before: tuple[str, ...] = (), stdin: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it with a token on stdin, or with a file descriptor; `before` are the words of a launcher."""
        given = {"input": token} if stdin is None else {"stdin": stdin}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [*before, *WORDS, *options],
            env=self.environ,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=300,
            **given,
        )

    def run_closed(self) -> subprocess.CompletedProcess[str]:
        """Run it with a stdin that is closed."""
        return self.run(before=CLOSED, stdin=subprocess.DEVNULL)

    def run_on_terminal(self) -> subprocess.CompletedProcess[str]:
        """Run it with a terminal as stdin."""
        controller, terminal = pty.openpty()
        try:
            return self.run(stdin=terminal)
        finally:
            os.close(controller)
            os.close(terminal)
