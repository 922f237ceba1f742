"""How long a fuzz target runs: some examples in a test run, and `--fuzz-seconds` with `make fuzz`."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings

EXAMPLES = 200  # of one round; each round draws others
seconds = 0.0  # for each target: another round begins until then; conftest.py sets it from `--fuzz-seconds`


def fuzz(*strategies: Any, **named: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with what the strategies draw, like `hypothesis.given`, for as long as the budget allows."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        limits: Any = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        with_examples: Any = given(*strategies, **named)
        run_round = limits(with_examples(test))

        @functools.wraps(run_round)
        def run_rounds(*args: Any, **kwargs: Any) -> None:
            end = time.monotonic() + seconds
            run_round(*args, **kwargs)
            while time.monotonic() < end:
                run_round(*args, **kwargs)

        return run_rounds

    return decorate
