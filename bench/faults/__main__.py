"""Run the matrix of faults of the installed line, or what of it is missing, and write its section on the page.

It can be interrupted at any time: each result is stored at once, and the next run goes on with what has none. A
reduced load, for trying a fault out, has a file of its own and leaves the page alone. A clock that jumps takes a C
compiler, and a full disk takes root.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import page
from bench.faults import tables
from bench.faults.catalogue import FAULTS_BY_NAME, SYSTEMS, TITLES, faults_of
from bench.faults.estimate import TimeEstimate
from bench.faults.matrix import MODES, FaultMatrix
from bench.faults.method import METHOD, PLANNED
from bench.termination import exit_on_sigterm
from testing.entrypoint_process import CHECKOUT
from testing.faults.load import TaskLoad
from testing.faults.results import FaultCell, FaultResult, FaultResults
from testing.installed_line import LINE

RESULTS = Path(__file__).parent / "results" / f"{LINE}.jsonl"
REDUCED = CHECKOUT / "build" / f"faults-{LINE}-reduced.jsonl"
PATIENCE_SECONDS = 900.0


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments: without any, the whole matrix of the line but for the cells that have a result."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument(
        "--fault", action="append", choices=FAULTS_BY_NAME, help="only this one; may be repeated"
    )
    parser.add_argument("--system", action="append", choices=SYSTEMS, help="only this one; may be repeated")
    parser.add_argument("--mode", action="append", choices=MODES, help="only the Runtime, or stock Airflow")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no cell after this time")
    parser.add_argument("--again", action="store_true", help="also run the cells that have a result")
    parser.add_argument("--results", type=Path, help="the file with the results")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS, metavar="SECONDS")
    parser.add_argument(
        "--tasks", type=float, default=1.0, metavar="SHARE", help=f"a share of the load of {PLANNED} tasks"
    )
    parser.add_argument(
        "--list", action="store_true", help="only print what is missing, and how long it takes"
    )
    parser.add_argument("--table", action="store_true", help="only write the section from the results")
    return parser.parse_args(words)


def select_cells(
    arguments: argparse.Namespace, stored: Mapping[FaultCell, FaultResult], planned: int
) -> list[FaultCell]:
    """Return the cells to run: the Runtime's before those of stock Airflow, one system after another."""
    cells = [
        FaultCell(LINE, system, fault.name, mode)
        for mode in arguments.mode or MODES
        for system in arguments.system or SYSTEMS
        for fault in faults_of(system, LINE)
        if not arguments.fault or fault.name in arguments.fault
    ]

    def has_result(cell: FaultCell) -> bool:
        result = stored.get(cell)
        return bool(result and result.is_of(planned) and not result.error)

    return [cell for cell in cells if arguments.again or not has_result(cell)]


def write_page(stored: Mapping[FaultCell, FaultResult]) -> None:
    """Write the tables on the page."""
    builds = sorted({result.build for result in stored.values() if result.is_of(PLANNED)})
    parts = [METHOD, f"{page.machine()}. Commits that were measured: {', '.join(builds) or 'none'}."]
    for system, title in TITLES.items():
        texts = {fault.name: fault.text for fault in faults_of(system, LINE)}
        complete = tables.count_complete(LINE, system, texts, stored, PLANNED)
        parts.append(
            f"{title}, {complete} of {2 * len(texts)} cells run:" if complete else f"{title}: not run."
        )
        if complete:
            parts.append(tables.system_table(LINE, system, texts, stored, PLANNED))
            parts += ["\n".join(tables.shortfalls(LINE, system, texts, stored, PLANNED))]
    page.write_section(f"What faults cost, Airflow {LINE}", "\n\n".join(part for part in parts if part))


def main() -> None:
    """Run the cells that the arguments name, then write the page."""
    arguments = parse()
    load = TaskLoad().scaled(arguments.tasks)
    planned = len(load.plan())
    is_whole = planned == PLANNED
    results = FaultResults(arguments.results or (RESULTS if is_whole else REDUCED))
    cells = select_cells(arguments, results.read(), planned)
    if arguments.list:
        print(*cells, f"{len(cells)} cells", sep="\n")
        print(TimeEstimate(results.read(), planned).describe(cells))
        return
    if not arguments.table:
        FaultMatrix(results, load, arguments.patience).run(cells, arguments.minutes * 60)
    stored = results.read()
    print(tables.examples((cell, stored[cell]) for cell in cells if cell in stored))
    if is_whole:
        write_page(stored)
    else:
        print("the page is left as it is: it has results of the whole load only")


if __name__ == "__main__":
    exit_on_sigterm()
    main()
