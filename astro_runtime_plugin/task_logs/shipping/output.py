"""The output of the process that started the shipper: it gets one warning, until everything has been sent once."""

from __future__ import annotations

import os
import sys

STDOUT, STDERR = 1, 2
REPEAT_SECONDS = 600.0  # before which a warning is not repeated, however often the shipper starts anew
WARNING_PREFIX = "astro-runtime: task logs wait on this machine: "


def release_output() -> None:
    """Let go of stdout and stderr: whoever reads them to their end waits for this process no longer."""
    null = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (STDOUT, STDERR):
        os.dup2(null, descriptor)
    os.close(null)


def print_warning(problem: str) -> bool:
    """Print what is wrong; return whether somebody may read it."""
    try:
        if os.path.samestat(os.fstat(STDERR), os.stat(os.devnull)):
            return False
        # With -u, print() would write the end of the line apart, and other processes write to the same output.
        sys.stderr.write(f"{WARNING_PREFIX}{problem}\n")
        sys.stderr.flush()
    except OSError:  # the reader is gone
        return False
    return True
