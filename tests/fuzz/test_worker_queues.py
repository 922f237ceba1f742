"""worker_queues: any text is read or refused in one short line; what is read is within its bounds."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from entrypoint.capacity import initial_limit, max_limit, parallelism
from entrypoint.config_values import MAX_VALUE
from entrypoint.defaults import WORKER_QUEUES
from entrypoint.errors import CONFIG, StartError
from entrypoint.log import escape_line
from entrypoint.overrides import Override
from entrypoint.record import ENVIRONMENT
from entrypoint.worker_queues import COUNTS, MAX_NAME, read_queues
from tests.fuzz.budget import fuzz

FIELDS = st.sampled_from(["name", *COUNTS, "worker_concurrency", "worker_cuont", "pod_cpu"]) | st.text(
    max_size=20
)
NUMBERS = st.integers(-2, 1_000_001) | st.integers() | st.floats()
QUEUE = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=5)},
    optional={
        **dict.fromkeys((*COUNTS, "worker_concurrency"), NUMBERS),
        "pod_cpu": st.text(max_size=3),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner, max_size=5),
)
TEXTS = (
    (st.lists(QUEUE, max_size=4) | JSON).map(json.dumps)
    | st.text(max_size=60)
    | st.text('[]{}",:0e-n \\u', max_size=40)
)


@fuzz(TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        queues = read_queues(Override(WORKER_QUEUES, ENVIRONMENT, text, WORKER_QUEUES.variable))
        total = parallelism(queues, "CeleryExecutor", 16)
    except StartError as error:
        message, code = str(error), error.code
        assert_refused(message, code)
        return
    assert all(len(queue.name.encode()) <= MAX_NAME for queue in queues.queues)
    assert total.value is None or 0 < total.value <= MAX_VALUE
    assert (initial_limit(queues, 16).value or 0) <= max(total.value or 0, max_limit(queues, 16) or 0)
    assert len(escape_line(" ".join(queues.notes))) < 4100


def assert_refused(message: str, code: int) -> None:
    assert code == CONFIG
    assert message.startswith(WORKER_QUEUES.variable)
    assert len(message) < 1000
