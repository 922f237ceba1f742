"""Measure, and write the section of the installed line on the benchmarks page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from bench import page
from bench.scale import questions
from bench.scale.growth import COLUMNS, MAX_GROWTH, SIZES, Row
from bench.scale.worker_replies import POOL, SCHEDULERS, TASKS
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.installed_line import AIRFLOW, LINE
from testing.servers import postgres, rabbitmq, redis

TITLE = f"How it scales, Airflow {LINE}"
BROKERS: Mapping[str, Callable[[], AbstractContextManager[str]]] = {"Redis": redis, "RabbitMQ": rabbitmq}
METHOD = (
    f"Measured by `make bench-scale LINE={LINE}`, with 10 to {SIZES[-1]:,} workers. The growth is that of a figure from"
    " one number of workers to the next, divided by that of the workers: 1.00× is linear, less is better. The goal is"
    f" at most {MAX_GROWTH}×, for nothing may grow faster than the workers."
)
QUESTIONS = (
    "The Runtime's own inspector asks the workers over a real broker, in a process of its own, as it does for each"
    " scheduler. Another process plays the workers: it has encoded all replies beforehand, so they come as fast as the"
    f" broker takes them. Each worker has a pool of {POOL} and runs {TASKS} tasks. A round has three questions, and the"
    " first one always ends with a silence of 1.5 s. Processor time is the least of"
    f" {questions.ROUNDS} rounds, wall time the median; no reply was missing in any of them. The questions' bytes are"
    " those of their bodies, to all workers together."
)
SHARED = (
    "As many components as workers have a row of the state table in a real PostgreSQL, and"
    f" {SCHEDULERS} schedulers follow all workers. The figures are those of one call, here and in the database. With"
    " the answer of a round, a scheduler updates its limit and, here, writes its row. A component that starts deletes"
    " old rows once, and here its own at the end. Python's garbage collector is off meanwhile, because what it does"
    " depends on the process: a call that reads thousands of rows may make it look at all of Airflow's objects once"
    " or twice"
)
SEVERAL = (
    f"Each scheduler asks by itself, so the questions and replies grow with the number of schedulers. Two ask"
    f" {SIZES[-1]:,} workers at once:"
)


def several_schedulers(broker: str, single: questions.RoundCost, double: questions.RoundCost) -> str:
    """Return what a round costs if two schedulers ask at once, compared with one; all of it with the most workers."""
    return (
        f"On {broker}, the broker takes {single.broker * 1e3:,.0f} ms of processor time for a round of one scheduler,"
        f" and {double.broker * 1e3:,.0f} ms for a round of each of two; the wall time is {single.wall:.1f} s and"
        f" {double.wall:.1f} s."
    )


def measure_questions() -> tuple[list[Row], list[str]]:
    """Return the rows of the table, and a sentence for each broker."""
    rows, sentences = [], []
    for name, server in BROKERS.items():
        with server() as url:
            costs = [questions.measure(url, size) for size in SIZES]
            two = questions.measure(url, SIZES[-1], schedulers=2)
        rows += questions.table_rows(name, costs)
        sentences.append(several_schedulers(name, costs[-1], two))
    return rows, sentences


def main() -> None:
    """Print the section, and write it on the page."""
    from bench.scale import shared_state  # not in the processes that ask: it imports Airflow

    logging.getLogger("astro_runtime").setLevel(logging.WARNING)
    with postgres() as server:
        state_rows = shared_state.measure(server)
        collection = shared_state.collection_seconds()
    question_rows, sentences = measure_questions()
    parts = (
        f"{METHOD} Airflow {AIRFLOW}, {page.machine()}.",
        QUESTIONS,
        markdown.table(COLUMNS, question_rows),
        " ".join([SEVERAL, *sentences]),
        f"{SHARED}, which takes {collection * 1e3:,.0f} ms here.",
        markdown.table(COLUMNS, state_rows),
    )
    text = "\n\n".join(parts)
    print(text)
    page.write_section(TITLE, text)


if __name__ == "__main__":
    exit_on_sigterm()
    main()
