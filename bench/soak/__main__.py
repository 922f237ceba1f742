"""Run short tasks for hours while parts of the system fail at random, and draw what the components use.

The whole soak writes its section and picture on the page of benchmarks. A shorter one leaves both in build/soak.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench import page
from bench.faults.catalogue import faults_of
from bench.faults.system_fault import SystemFault
from bench.faults.tables import summary
from bench.soak.chart import Panel, draw
from bench.soak.growth import MEBIBYTE, measure_growth
from bench.soak.remarks import explain
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.entrypoint_process import CHECKOUT
from testing.faults.component_usage import UsageRecorder, UsageSample
from testing.faults.ledger import ledger
from testing.faults.load import TaskLoad
from testing.faults.results import FaultResult
from testing.faults.system import SystemKind, airflow_system
from testing.faults.trial import FaultTrial
from testing.installed_line import AIRFLOW, LINE
from testing.progress_lines import print_progress

MINUTES, TASKS = 120.0, 5000
LOAD = TaskLoad(plain=56, mapped=30, deferred=8, sensors=4, assets=0, seconds=2)
SYSTEM = "celery-redis"
# What takes longer than a round, or is about a single task of a single run.
LEFT_OUT = {
    "none",
    "api-away-600",
    "dag-file-hangs",
    "dag-unreadable",
    "trigger-broken",
    "rolling-restart",
    "replicas",
}
SAMPLES = 480
PATIENCE_SECONDS = 900.0
FOLDER = CHECKOUT / "build" / "soak"
PICTURE = CHECKOUT / "docs" / "images" / f"soak-{LINE}.svg"


class SoakFault(NamedTuple):
    """A fault that was drawn, and the minute at which it began."""

    minute: float
    name: str


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--tasks", type=int, help=f"{TASKS} in {MINUTES:g} minutes, by default in proportion")
    parser.add_argument(
        "--seed", type=int, help="which faults come when; by default a new one, which is printed"
    )
    arguments = parser.parse_args(words)
    if arguments.tasks is None:
        arguments.tasks = round(TASKS * arguments.minutes / MINUTES)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    return arguments


def possible_faults() -> list[SystemFault]:
    """Return the faults that leave the system in service."""
    return [
        fault
        for fault in faults_of(SYSTEM, LINE)
        if fault.name not in LEFT_OUT and not fault.arrange and not fault.spoils
    ]


def run_rounds(
    trial: FaultTrial, recorder: UsageRecorder, rounds: int, seconds: float, seed: int
) -> list[SoakFault]:
    """Begin a round every so many seconds, with a fault in each; return the faults."""
    drawing, faults = random.Random(seed), possible_faults()
    drawn = []
    for number in range(rounds):
        fault, pause = drawing.choice(faults), drawing.uniform(0, seconds / 3)
        try:
            trial.trigger()
            time.sleep(pause)
            print_progress(f"[{number + 1}/{rounds}] {fault.name}")
            minute = recorder.seconds / 60
            fault.inject(trial)
            drawn.append(SoakFault(minute, fault.name))
        except Exception as error:  # the process that was to be killed has just ended, for example
            print_progress(f"[{number + 1}/{rounds}] no round, or no fault: {error!r}"[:500])
        time.sleep(max(0.0, (number + 1) * seconds - recorder.seconds))
    return drawn


def soak(
    arguments: argparse.Namespace, samples: Path
) -> tuple[FaultResult, list[UsageSample], list[SoakFault]]:
    """Run all of it."""
    rounds = max(1, round(arguments.tasks / len(LOAD.plan())))
    seconds = arguments.minutes * 60 / rounds
    with (
        tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as home,
        ledger() as the_ledger,
        airflow_system(Path(home), SystemKind("redis")) as system,
    ):
        LOAD.install(system.dags, the_ledger.dsn)
        system.start(len(LOAD.dag_ids()))
        recorder = UsageRecorder(system, samples, max(2.0, arguments.minutes * 60 / SAMPLES))
        trial = FaultTrial(system, the_ledger, LOAD, print_progress)
        drawn = run_rounds(trial, recorder, rounds, seconds, arguments.seed)
        result = trial.finish(PATIENCE_SECONDS)
        # When what was killed was noticed is not measured while the next fault is on.
        return result._replace(struck=0), recorder.stop(), drawn


def draw_samples(samples: Sequence[UsageSample], drawn: Sequence[SoakFault]) -> str:
    """Return the picture."""
    names = samples[-1].memory
    memory = {
        name: [(each.seconds / 60, each.memory.get(name, 0) / MEBIBYTE) for each in samples] for name in names
    }
    connections = {
        name: [(each.seconds / 60, each.connections.get(name, 0)) for each in samples] for name in names
    }
    panels = [Panel("memory, MiB", memory), Panel("connections to the database", connections)]
    return draw(panels, [fault.minute for fault in drawn])


def describe(
    arguments: argparse.Namespace,
    result: FaultResult,
    samples: Sequence[UsageSample],
    drawn: Sequence[SoakFault],
    picture: str,
) -> str:
    """Return the section."""
    head = (
        "component",
        "memory, second quarter",
        "last quarter",
        "connections",
        "last quarter",
        "starts",
        "goal: flat",
    )
    growths = measure_growth(samples)
    rows = [
        (
            growth.component,
            f"{growth.memory[0]:.0f} MiB",
            f"{growth.memory[1]:.0f} MiB",
            f"{growth.connections[0]:g}",
            f"{growth.connections[1]:g}",
            str(growth.starts),
            "flat" if growth.is_flat else "**grew**",
        )
        for growth in growths
    ]
    names = sorted({fault.name for fault in drawn})
    parts = [
        f"Measured by `make soak LINE={LINE}` with Airflow {AIRFLOW}: {result.planned * result.rounds} short tasks in"
        f" {arguments.minutes:g} minutes with two schedulers and four Celery workers, Redis and PostgreSQL, and"
        f" {len(drawn)} faults drawn with the seed {arguments.seed}. Wrong with the tasks: {summary(result)}. Memory is"
        " the proportional one of all processes that last for over a minute: each has its part of what it shares. The"
        " dashed lines are the faults.",
        f"{page.machine()}. Faults: {', '.join(names)}.",
        f"![Memory and connections of each component over time]({picture})",
        markdown.table(head, rows),
        "\n".join(explain(LINE, growths)),
    ]
    return "\n\n".join(part for part in parts if part)


def main() -> None:
    """Run the soak, and write what came out."""
    arguments = parse()
    print_progress(f"{arguments.tasks} tasks in {arguments.minutes:g} minutes, --seed {arguments.seed}")
    is_whole = arguments.minutes >= MINUTES and arguments.tasks >= TASKS
    result, samples, drawn = soak(arguments, FOLDER / f"{LINE}.jsonl")
    print_progress(str(result))
    picture = PICTURE if is_whole else FOLDER / PICTURE.name
    picture.write_text(draw_samples(samples, drawn))
    text = describe(arguments, result, samples, drawn, f"../images/{PICTURE.name}")
    print(text, *result.examples, sep="\n")
    if is_whole:
        page.write_section(f"Two hours of short tasks and faults, Airflow {LINE}", text)


if __name__ == "__main__":
    exit_on_sigterm()
    main()
