"""What a scheduler writes down of the workers, written into a web server's database, and what is told of it."""

from __future__ import annotations

from testing.web.server_profiles import PARALLELISM
from testing.web.web_server import Server

ENDPOINT = "/astro-runtime/api/workers"
WRITE = """
from astro_runtime_plugin.parallelism.snapshot import KIND, to_record
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from astro_runtime_plugin.database.state import put
from entrypoint.capacity import Calculation
state = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
state.update([Worker("a@one", 16, ("default",)), Worker("b@two", 4, ("default", "gpu"))])
put(KIND, "host:7", to_record(state))
"""
A, B = {"name": "a@one", "pool": 16}, {"name": "b@two", "pool": 4}
WHY = "1×16 default + 1×4 default, gpu"
TOLD = {  # by the plain kind of server
    "parallelism": PARALLELISM["value"],
    "origin": PARALLELISM["origin"],
    "why": PARALLELISM["why"],
    "schedulers": [{"scheduler": "host:7", "parallelism": 20, "why": WHY}],
    "queues": [
        {"name": "default", "workers": [A, B], "pool": 20},
        {"name": "gpu", "workers": [B], "pool": 4},
    ],
}


def write(server: Server) -> None:
    """Write down what a scheduler would that has heard two workers."""
    server.run_python(WRITE)
