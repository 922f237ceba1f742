"""The tables of the page. Everything here is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.task_logs.lines import Loss
from bench.task_logs.printing import Printing
from bench.task_logs.reading import Opening
from bench.task_logs.shipping import FAST, LINE, Cost
from bench.task_logs.workplace import OURS
from dev.docs import markdown
from testing.proof import STOCK

MAX_SHARE, MAX_LAG_SECONDS = 0.02, 2.0
MAX_OPEN_SECONDS, MAX_LARGE_SECONDS = 1.0, 2.0
OVER = ", **over the limit**"
TITLES = {OURS: "task logs in a store", STOCK: "stock's remote logging"}


def marked(text: str, value: float, limit: float) -> str:
    """Return a figure, marked if it is beyond its limit."""
    return f"{text}{OVER if value > limit else ''}"


def loss_table(losses: Iterable[tuple[str, Mapping[str, Loss]]]) -> str:
    """Return the lines lost and doubled for each fault and mode."""
    rows = [(fault, *(_loss(modes[mode]) for mode in TITLES)) for fault, modes in losses]
    return markdown.table(("what happens", *TITLES.values()), rows)


def _loss(loss: Loss) -> str:
    return f"{loss.lost} of {loss.written} lost, {loss.doubled} doubled"


def death_text(lost: Sequence[int]) -> str:
    """Return what is lost with a machine on which FAST lines a second are written."""
    rate = FAST * len(LINE)
    return (
        f"With {FAST:,} lines of {len(LINE)} bytes a second, a machine that goes takes"
        f" {max(lost) / 1024:.0f} KiB with it at most in {len(lost)} attempts, which is what is written in"
        f" {max(lost) / rate * 1000:.0f} ms."
    )


def cost_table(costs: Mapping[int, Cost]) -> str:
    """Return processor time and requests at each rate."""
    rows = [
        (
            f"{rate:,}",
            marked(f"{cost.share:.1%}", cost.share, MAX_SHARE),
            f"{cost.requests:.0f}",
        )
        for rate, cost in costs.items()
    ]
    return markdown.table(("lines a second", "processor time", "requests a minute"), rows)


def printing_text(printing: Printing) -> str:
    """Return what printing the lines costs, as a share of a core at FAST lines a second."""
    share = printing.more * FAST
    return (
        f"With `task_logs_to_stdout`, the process that writes the log takes {printing.more * 1e6:.1f} µs more for each"
        f" line, {marked(f'{share:.1%}', share, MAX_SHARE)} of a core at {FAST:,} lines a second. Airflow itself"
        f" takes {printing.alone * 1e6:.0f} µs there."
    )


def page_table(
    lags: Mapping[str, float],
    dead: Mapping[str, Mapping[str, Opening]],
    large: Mapping[str, Opening],
) -> str:
    """Return how soon a log is on its page, in each mode."""
    rows = [_row("a running task's line is on the page after", _seconds(lags), MAX_LAG_SECONDS)]
    for case in dead[OURS]:
        openings = {mode: opened[case] for mode, opened in dead.items()}
        name = f"a log opens whose worker has died: {case}"
        rows.append(_row(name, _openings(openings, MAX_OPEN_SECONDS), MAX_OPEN_SECONDS))
    rows.append(
        _row("a log of 100 MB opens at its end", _openings(large, MAX_LARGE_SECONDS), MAX_LARGE_SECONDS)
    )
    memory = [f"{large[mode].memory:.0f} MiB" for mode in TITLES]
    return markdown.table(("", *TITLES.values(), "limit"), [*rows, ("its memory", *memory, "constant")])


def _row(name: str, figures: Sequence[str], limit: float) -> tuple[str, ...]:
    return name, *figures, f"{limit:g} s"


def _seconds(lags: Mapping[str, float]) -> list[str]:
    return [_mode(mode, f"{lags[mode]:.2f} s", lags[mode], MAX_LAG_SECONDS) for mode in TITLES]


def _openings(openings: Mapping[str, Opening], limit: float) -> list[str]:
    return [
        _mode(
            mode,
            f"{opened.seconds:.2f} s{'' if opened.has_end else ', **nothing of it**'}",
            opened.seconds,
            limit,
        )
        for mode, opened in openings.items()
    ]


def _mode(mode: str, text: str, value: float, limit: float) -> str:
    return marked(text, value, limit) if mode == OURS else text
