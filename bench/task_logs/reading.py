"""How soon a running task's log is on its page, and how long the page takes to open in hard cases."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from statistics import median
from typing import Any, NamedTuple

from bench.task_logs.lines import log_line
from bench.task_logs.workplace import OURS, PATH, Workplace
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.s3_server import BUCKET
from testing.servers import free_port, running
from testing.waiting import read_until, wait_until

LAGS = 7
LOG_MEGABYTES = 100
LAST = "the last line"
LOG_SERVER = {
    "3.3": "import sys, uvicorn; uvicorn.run('airflow.utils.serve_logs.log_server:get_app', factory=True,"
    " host='127.0.0.1', port=int(sys.argv[1]), log_level='error')",
    "2.11": "import sys; from werkzeug.serving import run_simple; from airflow.utils.serve_logs import create_app;"
    " run_simple('127.0.0.1', int(sys.argv[1]), create_app())",
}[LINE]


class Opening(NamedTuple):
    """A page's first answer: seconds, growth of the memory's peak in MiB, whether it has the log's last line."""

    seconds: float
    memory: float
    has_end: bool


class Reader:
    """A process that reads as the web server does."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        read_until(process.stdout, "ready")

    def ask(self, do: str, last: str, port: int) -> None:
        """Send a request."""
        assert self._process.stdin
        print(json.dumps({"do": do, "last": last, "port": port}), file=self._process.stdin, flush=True)

    def answer(self) -> Any:
        """Return the answer to a request."""
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def open(self, last: str, port: int) -> Opening:
        """Open the page."""
        self.ask("open", last, port)
        answer = self.answer()
        return Opening(answer["seconds"], answer["memory"] / 2**20, answer["has_end"])


@contextmanager
def reader(workplace: Workplace, url: str) -> Iterator[Reader]:
    """Run a process that reads logs, on a machine without log files, until the end of the block."""
    elsewhere = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(workplace.home / "elsewhere")}
    with (
        open(workplace.home / "reader.err", "ab") as error,
        subprocess.Popen(
            [sys.executable, "-m", "bench.task_logs.page_process"],
            env=workplace.environ(url, **elsewhere),
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=error,
            text=True,
        ) as process,
    ):
        try:
            yield Reader(process)
        finally:
            process.kill()


def lag(workplace: Workplace) -> float:
    """Return the median of the seconds from a line's write to its page, in which the worker can be reached."""
    workplace.reset("running")
    url, port = workplace.url("lag"), free_port()
    machine = workplace.machine(url)
    words = [sys.executable, "-c", LOG_SERVER, str(port)]
    with ExitStack() as stack:
        stack.enter_context(running(words, port, workplace.home, workplace.environ(url)))
        page = stack.enter_context(reader(workplace, url))
        file = stack.enter_context(machine.file(PATH).open("ab", buffering=0))
        if workplace.mode == OURS:
            stack.callback(machine.kill_shippers)
            machine.spool.register(PATH)
            machine.ship()
            file.write(log_line(LINE, "the first line"))
            store = workplace.server.store(url)
            wait_until(lambda: store.list(PATH))  # before, the page asks the worker, too
        lags = []
        for number in range(LAGS + 1):
            page.ask("follow", f"mark {number}.", port)
            written = time.time()
            file.write(log_line(LINE, f"mark {number}."))
            lags.append(page.answer()["time"] - written)
    return float(median(lags[1:]))


def dead_worker(workplace: Workplace) -> dict[str, Opening]:
    """Return how the page of a log opens whose worker has died, by what its log server does."""
    workplace.reset("running")
    url = workplace.url("dead")
    if workplace.mode == OURS:  # what its machine had sent; stock had sent nothing
        workplace.server.store(url).put_new(f"{PATH}.{0:012}", log_line(LINE, LAST))
    with reader(workplace, url) as page, silent_port() as silent:
        page.open(LAST, free_port())  # imports, and opens the store
        return {
            "its address does not answer": page.open(LAST, silent),
            "its address refuses": page.open(LAST, free_port()),
        }


def large_log(workplace: Workplace) -> Opening:
    """Return how the page of an ended log of LOG_MEGABYTES opens."""
    workplace.reset("success")
    url = workplace.url("large")
    lines = log_line(LINE, "x" * 150) * 1000
    body = lines * (LOG_MEGABYTES * 2**20 // len(lines)) + log_line(LINE, LAST)
    client, key = workplace.server.client(), f"{url.removeprefix(f's3://{BUCKET}/')}/{PATH}"
    client.put_object(Bucket=BUCKET, Key=key, Body=log_line(LINE, LAST))
    with reader(workplace, url) as page:
        page.open(LAST, free_port())  # imports, and opens the store
        client.put_object(Bucket=BUCKET, Key=key, Body=body)
        return page.open(LAST, free_port())


@contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port that does not answer: its queue of connections is full, so that Linux drops what comes."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(server.getsockname())
        yield server.getsockname()[1]
