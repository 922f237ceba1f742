"""What every test shares: an Airflow that is imported in the test process finds a home of its own, and options."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from testing.entrypoint_process import GC_VARIABLE
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.installed_line import LINE
from testing.metadata_database import metadata
from tests import workers
from tests.fuzz import budget

if TYPE_CHECKING:
    from tests.contract.oracle import Oracle

__all__ = ["metadata"]  # pytest finds fixtures here

# Before anything imports Airflow: without an airflow.cfg it would write one, with secrets, into ~/airflow.
_HOME = tempfile.TemporaryDirectory(prefix="astro-runtime-tests-")
open(f"{_HOME.name}/airflow.cfg", "w").close()
for _name in [name for name in os.environ if name.startswith(("AIRFLOW", "_AIRFLOW", "ASTRO_RUNTIME"))]:
    del os.environ[_name]
os.environ["AIRFLOW_HOME"] = _HOME.name
os.environ[GC_VARIABLE] = "300000"  # a start of Airflow creates fewer
# An empty airflow.cfg supplies neither of these, and Airflow does not start without them.
os.environ["AIRFLOW__CORE__FERNET_KEY"] = FERNET_KEY
os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = SECRET_KEY
os.environ["AIRFLOW__API__SECRET_KEY"] = SECRET_KEY

# A shell in the background, and nohup, start processes with these ignored; every process of the tests would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# No database of examples on disk: a failure prints the blob that reproduces it. No test is too slow, for how long it
# takes to draw depends on the machine.
settings.register_profile(
    "tests",
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


# The tests of one line's Airflow are collected where that Airflow is installed, and those of the image, which need
# a Docker engine, where they are named: `make test-image`.
collect_ignore = ["image"]
collect_ignore_glob = [f"*/airflow{major}" for major in ("2", "3") if major != LINE.split(".")[0]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--states", type=int, default=1000, help="states that the override contract is tried in")
    parser.addoption(
        "--fuzz-seconds", type=float, default=0.0, help="seconds that each target in tests/fuzz runs"
    )


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until all is collected: a third of that time, for next to nothing that could be freed
    budget.seconds = config.getoption("fuzz_seconds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers.sort(items)


def pytest_collection_finish() -> None:
    gc.freeze()  # the tests and what they import stay: no collection needs to visit these 800,000 objects again
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> workers.GroupScheduling:
    return workers.GroupScheduling(config, log)


@pytest.fixture(scope="session")
def built_oracle() -> Oracle:
    """Airflow's own `conf`, built once: that takes more than a second."""
    from tests.contract.oracle import Oracle

    return Oracle()


@pytest.fixture(scope="module")
def oracle(built_oracle: Oracle) -> Iterator[Oracle]:
    """Airflow's own `conf`. The next file of this process finds it without what has been loaded into it."""
    yield built_oracle
    built_oracle.load(None)
