"""The gate with which a server is away, silent or replaced by another one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from testing.faults.gate_process import AWAY, SILENT
from testing.faults.tcp_gate import tcp_gate
from testing.servers import free_port
from testing.waiting import wait_until

SECONDS = 120  # after which a connection counts as waiting for ever


@contextmanager
def echo_server(answer: bytes) -> Iterator[int]:
    """Run a server that answers each message with itself and `answer`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

        def echo(connection: socket.socket) -> None:
            while data := connection.recv(100):
                connection.sendall(data + answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


@contextmanager
def speaking_server() -> Iterator[int]:
    """Run a server that sends a byte to each client and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):  # once it is closed
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):  # the gate may have cut it
                        connection.sendall(b"x")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), SECONDS)


def ask(connection: socket.socket, message: bytes = b"a") -> bytes:
    connection.sendall(message)
    return connection.recv(100)


def test_open_gate_passes_bytes_on() -> None:
    with echo_server(b"1") as port, tcp_gate(port) as gate:
        for _ in range(2):
            with connect(gate.port) as connection:
                assert ask(connection) == b"a1"


def test_gate_that_is_away_cuts_connections_and_refuses_new_ones() -> None:
    with echo_server(b"1") as port, tcp_gate(port) as gate, connect(gate.port) as connection:
        assert ask(connection) == b"a1"
        with gate.closed(AWAY):
            with pytest.raises(ConnectionRefusedError):
                connect(gate.port)
            assert connection.recv(1) == b""
        with connect(gate.port) as later:
            assert ask(later) == b"a1"


def test_client_that_connects_while_the_gate_closes_does_not_wait_for_ever() -> None:
    outcomes: list[str] = []

    def connect_often(until: threading.Event) -> None:
        while not until.is_set():
            try:
                with connect(gate.port) as connection:
                    outcomes.append("answered" if connection.recv(1) else "ended")
            except TimeoutError:
                outcomes.append("waited")
            except OSError:
                outcomes.append("refused")

    end = threading.Event()
    with speaking_server() as port, tcp_gate(port) as gate:
        clients = [threading.Thread(target=connect_often, args=(end,)) for _ in range(4)]
        for client in clients:
            client.start()
        for _ in range(100):
            with gate.closed(AWAY):
                pass
        wait_until(lambda: "answered" in outcomes)  # on a busy machine only now that it stays open
        end.set()
        for client in clients:
            client.join()
    assert "waited" not in outcomes


def test_silent_gate_passes_nothing_on_until_it_opens() -> None:
    with echo_server(b"1") as port, tcp_gate(port) as gate, connect(gate.port) as connection:
        assert ask(connection) == b"a1"
        with gate.closed(SILENT):
            connection.sendall(b"b")
            connection.settimeout(0.2)
            with pytest.raises(TimeoutError):
                connection.recv(100)
        connection.settimeout(SECONDS)
        assert connection.recv(100) == b"b1"


def test_gate_without_a_server_ends_the_connection() -> None:
    with tcp_gate(free_port()) as gate, connect(gate.port) as connection:
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass
