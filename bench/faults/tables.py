"""The tables of the page. Everything here is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.faults.remarks import REMARKS
from dev.docs import markdown
from testing.faults.results import SETTLE_LIMIT, FaultCell, FaultResult

HEAD = (
    "fault",
    "wrong with the Runtime",
    "moves again after",
    "wrong with stock Airflow",
    "stock moves again after",
)
WRONG = {
    "lost": "lost",
    "hung": "hung",
    "hung_runs": "hung DAG runs",
    "overlaps": "twice at once",
    "misreported": "misreported",
}
NOT_RUN = "not run"


def system_table(
    line: str,
    system: str,
    texts_by_fault: Mapping[str, str],
    results: Mapping[FaultCell, FaultResult],
    planned: int,
) -> str:
    """Return what each fault did to a system. Only results of a load of `planned` tasks count; others are not run."""
    rows = []
    for fault, text in texts_by_fault.items():
        cells = [results.get(FaultCell(line, system, fault, mode)) for mode in ("runtime", "stock")]
        outcomes = [cell if cell and cell.is_of(planned) else None for cell in cells]
        rows.append((text, *(part for outcome in outcomes for part in _parts(outcome))))
    return markdown.table(HEAD, rows)


def count_complete(
    line: str,
    system: str,
    faults: Iterable[str],
    results: Mapping[FaultCell, FaultResult],
    planned: int,
) -> int:
    """Return how many cells of a system have a result of a load of `planned` tasks."""
    cells = [FaultCell(line, system, fault, mode) for fault in faults for mode in ("runtime", "stock")]
    return sum(cell in results and results[cell].is_of(planned) for cell in cells)


def shortfalls(
    line: str,
    system: str,
    texts_by_fault: Mapping[str, str],
    results: Mapping[FaultCell, FaultResult],
    planned: int,
) -> list[str]:
    """Return a line for each fault with which the Runtime falls short, with the reason."""
    lines = []
    for fault, text in texts_by_fault.items():
        result = results.get(FaultCell(line, system, fault, "runtime"))
        if result and result.is_of(planned) and not result.meets_goal:
            reason = result.error or REMARKS.get((line, fault), "the reason is not known yet.")
            lines.append(f"- With the Runtime, {text}: {reason}")
    return lines


def _parts(result: FaultResult | None) -> tuple[str, str]:
    if result is None:
        return NOT_RUN, ""
    if result.error:
        return "**no result**", ""
    return summary(result), _resumed(result)


def summary(result: FaultResult) -> str:
    """Return what falls short, in bold, and how many tasks were cut off or run again."""
    wrong = [f"**{count} {text}**" for name, text in WRONG.items() if (count := getattr(result, name))]
    if result.unexplained:
        wrong.append(f"**{result.unexplained} without a reason in the log**")
    if result.settles_late:
        late = "never" if result.settled is None else f"after {result.settled:.0f} s, not {SETTLE_LIMIT}"
        wrong.append(f"**noticed {late}**")
    rest = {
        "cut off": result.cut_off,
        "done, but nobody was left to report it": result.unreported,
        "run again": result.repeated,
    }
    more = [f"{count} {text}" for text, count in rest.items() if count]
    more += [f"the load came {result.rounds} times"] if result.rounds > 1 else []
    note = f" ({', '.join(more)})" if more else ""
    return f"{', '.join(wrong) or 'none'}{note}"


def _resumed(result: FaultResult) -> str:
    if result.resume_limit is None and result.resumed is None:
        return ""
    if not result.waiting and result.resumed is None:
        return "nothing waited"
    seconds = "never" if result.resumed is None else f"{result.resumed:.0f} s"
    return f"**{seconds}**" if result.resumes_late else seconds


def examples(results: Iterable[tuple[FaultCell, FaultResult]]) -> str:
    """Return what became of the tasks with which something was wrong, as a text for the terminal."""
    return "\n".join(
        f"{cell}: {text}" for cell, result in results for text in (*result.examples, result.error) if text
    )
