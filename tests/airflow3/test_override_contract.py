"""The override contract and the documented-names contract: Airflow's own `conf` says what is right."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from entrypoint import origin
from entrypoint.defaults import TABLE
from entrypoint.settle import Settled, settle
from tests.airflow3.oracle import Expected, Oracle, environment
from tests.airflow3.states import LINE, Draft, State, drafts, write_down

GENERATE = "import airflow.configuration as c; c.write_default_airflow_configuration_if_needed()"


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file that Airflow itself writes where there is none, in a process in which the Runtime's hook runs."""
    home = tmp_path_factory.mktemp("generated")
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
    subprocess.run(
        [sys.executable, "-c", GENERATE], env=environ, check=True, capture_output=True, timeout=120
    )
    return (home / "airflow.cfg").read_text()


class World:
    """One state on disk and what the Runtime makes of it."""

    def __init__(self, home: Path, state: State) -> None:
        base = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
        base["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = "socket.gethostname"  # the stock one asks the network
        self.environ = {**base, **state.environ}
        self.cfg = home / "airflow.cfg"
        self.operators = home / "operators.cfg"
        self.operators.write_text(state.operators)
        self.cfg.unlink(missing_ok=True)
        if state.cfg is not None:
            self.cfg.write_text(state.cfg)

    def start(self) -> Settled:
        with environment(self.environ):
            return settle(os.environ)


def check_effective(oracle: Oracle, expected: list[Expected]) -> None:
    """Every reader's `conf` gives what the contract asks for."""
    for setting, must in zip(TABLE, expected, strict=True):
        newest = setting.spellings[LINE].names[0]
        found = [oracle.number(setting, newest, parser) for parser in oracle.parsers]
        assert found == [must.value] * len(found), setting.documented


def check_record(settled: Settled, expected: list[Expected]) -> None:
    """The record says the effective value and its origin."""
    for said, must in zip(origin.read(settled.environ), expected, strict=True):
        assert float(said.value) == must.value, said.documented
        assert said.origin in must.origins, said.documented


def many(request: pytest.FixtureRequest, share: float = 1) -> settings:
    states = max(1, int(request.config.getoption("states") * share))
    return settings(max_examples=states, suppress_health_check=list(HealthCheck))


def test_every_state_holds_the_contract(
    request: pytest.FixtureRequest, oracle: Oracle, home: Path, generated: str
) -> None:
    @many(request)
    @given(drafts())
    def holds(draft: Draft) -> None:
        world = World(home, write_down(draft, generated))
        expected = oracle.expected(world.environ, world.operators)
        settled = world.start()
        with environment(settled.environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle.load(world.cfg)
            check_effective(oracle, expected)
            check_record(settled, expected)
            assert settle(os.environ).environ == settled.environ, "a nested start changes nothing"

    holds()
