"""What a scheduler writes down of the workers, written into a web server's database, and what is told of it."""

from __future__ import annotations

from tests.face.kinds import PARALLELISM
from tests.face.server import Server

ENDPOINT = "/astro-runtime/api/workers"
WRITE = """
from astro_runtime_plugin.following.record import KIND, recorded
from astro_runtime_plugin.following.workers import Bound, Worker
from astro_runtime_plugin.state import put
from entrypoint.formula import Arithmetic
bound = Bound(Arithmetic(32, "no worker has answered"), lambda _: None)
bound.hear([Worker("a@one", 16, ("default",)), Worker("b@two", 4, ("default", "gpu"))])
put(KIND, "host:7", recorded(bound))
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
