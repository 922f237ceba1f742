"""Measure, and write the section of the installed line on the benchmarks page."""

from __future__ import annotations

from bench import page
from bench.scale import questions
from bench.scale.growth import COLUMNS, MAX_GROWTH, SIZES
from bench.scale.worker_replies import POOL, TASKS
from dev.docs import markdown
from testing.installed_line import LINE
from testing.servers import postgres, rabbitmq, redis

TITLE = f"How it scales, Airflow {LINE}"
BROKERS = {"Redis": redis, "RabbitMQ": rabbitmq}


def main() -> None:
    """Print the tables, and write them on the page."""
    from bench.scale import shared_state  # not in the processes that ask: it imports Airflow

    with postgres() as server:
        shared = shared_state.measure(server)
    print(markdown.table(COLUMNS, shared))


if __name__ == "__main__":
    main()
