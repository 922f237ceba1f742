"""The reader of another machine, for tests whose Airflow serves a whole module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.airflow2_installation import Airflow2
from testing.airflow2_log_reader import LogReader, web_server


@pytest.fixture(scope="module")
def reader(airflow: Airflow2) -> Iterator[LogReader]:
    with web_server(airflow) as reader:
        yield reader
