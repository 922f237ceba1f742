"""The process of a gate: it does what its stdin says, a mode a line, and ends with it. Its arguments are two ports."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

OPEN, AWAY, SILENT = "open", "away", "silent"
CHUNK = 65536


class GateProcess:
    """Passes bytes on from `port` to `upstream`, a port of 127.0.0.1 too; 0 is that of no server."""

    def __init__(self, port: int, upstream: int) -> None:
        self._port, self._upstream = port, upstream
        self._passing = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def set(self, mode: str) -> None:
        """Be open, away or silent."""
        if mode == SILENT:
            self._passing.clear()
        else:
            self._passing.set()
        if mode == AWAY and self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener = None
            for writer in self._writers:
                writer.transport.abort()
        elif mode != AWAY and not self._listener:
            self._listener = socket.create_server(("127.0.0.1", self._port))
            self._start(self._listen(self._listener))

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, listener: socket.socket) -> None:
        """Accept connections; a server of asyncio leaves a client waiting that connects while it is closed."""
        listener.setblocking(False)
        with listener, suppress(OSError):  # once it is shut down
            while True:
                client, _ = await asyncio.get_running_loop().sock_accept(listener)
                self._start(self._serve(client, listener))

    async def _serve(self, client: socket.socket, listener: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client)
        self._writers.add(writer)
        try:
            await self._passing.wait()
            if self._listener is listener:
                await self._pass_on(reader, writer)
        except OSError:
            writer.transport.abort()
        finally:
            self._drop(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.add(their_writer)
        try:
            await asyncio.gather(self._pass(reader, their_writer), self._pass(their_reader, writer))
        finally:
            self._drop(their_writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()


async def serve(port: int, upstream: int) -> None:
    """Take modes from stdin, and confirm each with a line, until stdin ends."""
    gate, loop = GateProcess(port, upstream), asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # connections that are cut
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await gate.set(line.strip())
        print(flush=True)


if __name__ == "__main__":
    asyncio.run(serve(*(int(word) for word in sys.argv[1:])))
