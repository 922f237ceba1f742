"""What a round of questions to the workers costs the asking process and the broker."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.scale.growth import Row, per_worker, row
from bench.scale.server_time import measure_cost, server_seconds
from bench.scale.simulated_workers import Exchange, simulated_workers
from bench.scale.worker_replies import COMMANDS

ROUNDS = 2  # after a first one, in which each worker is also asked for its tasks' names


class InspectorRound(NamedTuple):
    """One round of one process: processor and wall time in seconds, its largest memory in bytes, its workers."""

    processor: float
    wall: float
    memory: int
    workers: int


class RoundCost(NamedTuple):
    """What a round costs: the seconds of one asking process and of the broker, and bytes."""

    processor: float
    wall: float
    memory: int
    broker: float
    questions: int  # bytes that the broker sends to all workers
    replies: int  # bytes of all workers


def ask(url: str, start: Any, rounds: Any) -> None:
    """Run the rounds with the Runtime's own inspector, in a process of its own as a scheduler does; put each."""
    from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector

    inspector = WorkerInspector({"broker_url": url})
    inspector.inspect_once()
    start.wait()
    for _ in range(ROUNDS):
        with measure_cost() as cost:
            answer = inspector.inspect_once()
        workers = len(answer.get("workers", ()))
        rounds.put(InspectorRound(cost.processor, cost.wall, largest_memory(), workers))


def largest_memory() -> int:
    """Return the most memory that this process has had, in bytes; getrusage counts that of its parent, too."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024


def run_rounds(url: str, schedulers: int) -> tuple[list[InspectorRound], float]:
    """Return the rounds of all schedulers, which ask at once, and the broker's seconds for one of each."""
    context = multiprocessing.get_context("spawn")
    start, queue = context.Barrier(schedulers + 1), context.Queue()
    askers = [context.Process(target=ask, args=(url, start, queue), daemon=True) for _ in range(schedulers)]
    for asker in askers:
        asker.start()
    start.wait()
    before = server_seconds()
    rounds = [queue.get() for _ in range(ROUNDS * schedulers)]
    broker = (server_seconds() - before) / ROUNDS
    for asker in askers:
        asker.join()
    return rounds, broker


def measure(url: str, workers: int, schedulers: int = 1) -> RoundCost:
    """Return what a round costs; `schedulers` ask at once. Raises AssertionError if one misses a worker."""
    exchanges: dict[str, Exchange] = {}
    with simulated_workers(url, workers) as received:
        rounds, broker = run_rounds(url, schedulers)
        while exchanges.keys() != {*COMMANDS}:
            latest = received.get()
            exchanges[latest.command] = latest
    assert {round_.workers for round_ in rounds} == {workers}, rounds
    del exchanges["registered"]
    return RoundCost(
        min(round_.processor for round_ in rounds),
        median(round_.wall for round_ in rounds),
        max(round_.memory for round_ in rounds),
        broker,
        workers * sum(exchange.question for exchange in exchanges.values()),
        sum(exchange.replies for exchange in exchanges.values()),
    )


def table_rows(broker: str, costs: Sequence[RoundCost]) -> list[Row]:
    """Return the rows of the table for one broker; `costs` are those of SIZES."""
    processor = [cost.processor for cost in costs]
    return [
        row(f"{broker}: processor time of the asking process", "ms", [value * 1e3 for value in processor]),
        per_worker(f"{broker}: the same for each worker", "µs", [value * 1e6 for value in processor]),
        row(f"{broker}: wall time of a round", "s", [cost.wall for cost in costs]),
        row(f"{broker}: processor time of the broker", "ms", [cost.broker * 1e3 for cost in costs]),
        row(f"{broker}: memory of the asking process", "MB", [cost.memory / 1e6 for cost in costs]),
        row(f"{broker}: questions that the broker sends", "kB", [cost.questions / 1e3 for cost in costs]),
        row(f"{broker}: replies", "kB", [cost.replies / 1e3 for cost in costs]),
    ]
