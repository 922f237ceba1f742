"""Background threads in a process that eventlet or gevent has patched, such as a Celery worker."""

from __future__ import annotations

import pytest

from testing.docker_engine import once

PATCHES = {
    "eventlet": "import eventlet; eventlet.monkey_patch()",
    "gevent": "from gevent import monkey; monkey.patch_all()",
}
# When the program ends, the thread is in a wait that would outlast the test.
WORK = """
import threading
from astro_runtime_plugin import background

done = threading.Event()

def work(wait):
    for number in range(5):
        wait(0.05)
        print("round", number, flush=True)
    done.set()
    wait(3600)

background.start_thread("rounds", work)
done.wait()
"""


@pytest.mark.parametrize("library", PATCHES)
def test_thread_waits_and_ends_with_its_process(slim: str, library: str) -> None:
    done = once(slim, "timeout", "300", "python", "-c", PATCHES[library] + WORK)
    assert (done.returncode, done.stdout.split("\n")) == (0, [*(f"round {n}" for n in range(5)), ""]), done
    assert "Traceback" not in done.stderr
