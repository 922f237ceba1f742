"""The override contract and the documented-names contract: Airflow's own `conf` says what is right."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from configparser import ConfigParser, RawConfigParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrypoint import record
from entrypoint.build_environment import PreparedEnvironment, build_environment
from entrypoint.defaults import DEFAULTS
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from tests.contract.config_files import State, write_down
from tests.contract.config_strategies import Draft, drafts, numbers
from tests.contract.oracle import Expected, Oracle, environment
from tests.contract.readers import read_by_airflow

GENERATE = "import airflow.configuration as c; c.write_default_airflow_configuration_if_needed()"


pytestmark = pytest.mark.timeout(0)  # --states says how long it takes


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
        base["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"  # Airflow 2 has a plugin among its examples
        base["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = "socket.gethostname"  # the stock one asks the network
        base["AIRFLOW__SCHEDULER__PARSING_PROCESSES"] = "1"  # Airflow 2 warns of more on SQLite
        base["AIRFLOW__API_AUTH__JWT_SECRET"] = "of no worth: without one Airflow warns for every executor"
        self.environ = {**base, **state.environ}
        self.cfg = home / "airflow.cfg"
        self.operators = home / "operators.cfg"
        self.operators.write_text(state.operators)
        self.cfg.unlink(missing_ok=True)
        if state.cfg is not None:
            self.cfg.write_text(state.cfg)

    def start(self) -> PreparedEnvironment:
        with environment(self.environ):
            return build_environment(os.environ)


def check_effective(oracle: Oracle, expected: list[Expected]) -> None:
    """Airflow's `conf`, the Task SDK's, and the objects that read them hold what the contract asks for."""
    objects = read_by_airflow()
    for setting, must in zip(DEFAULTS, expected, strict=True):
        found = [oracle.effective(setting, parser) for parser in oracle.parsers]
        found += objects[setting.documented]
        assert found == [must.value] * len(found), setting.documented


def check_record(settled: PreparedEnvironment, expected: list[Expected]) -> None:
    """The record says the effective value and its origin."""
    for said, must in zip(record.decode(settled.environ), expected, strict=True):
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
            assert build_environment(os.environ).environ == settled.environ, "a nested start changes nothing"

    holds()


def test_a_value_changed_between_two_starts_is_an_override(
    request: pytest.FixtureRequest, oracle: Oracle, home: Path, generated: str
) -> None:
    """`docker exec -e`, or a shell in the container: what an earlier start exported is in the environment."""

    @many(request, 0.1)
    @given(drafts(), st.data())
    def holds(draft: Draft, data: st.DataObject) -> None:
        world = World(home, write_down(draft, generated))
        first = world.start()
        setting = data.draw(st.sampled_from(DEFAULTS))
        newest = setting.names_by_line[LINE].names[0]
        variable = newest.variable
        text = data.draw(numbers(setting, newest).filter(lambda text: text != first.environ.get(variable)))
        with environment({**first.environ, variable: text}):
            second = build_environment(os.environ)
        expected = oracle.expected({**world.environ, variable: text}, world.operators)
        with environment(second.environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle.load(world.cfg)
            check_effective(oracle, expected)
        check_record(second, expected)

    holds()


def test_a_file_that_airflow_generated_overrides_nothing(oracle: Oracle, home: Path, generated: str) -> None:
    world = World(home, State({}, generated, ""))
    settled = world.start()
    without = World(home, State({}, None, "")).start()
    assert [(one.value, one.origin) for one in settled.settings] == [
        (one.value, one.origin) for one in without.settings
    ]
    assert {one.origin for one in settled.settings} <= {record.RUNTIME, record.AIRFLOW}
    world = World(home, State({}, generated, ""))
    oracle.load(world.cfg)
    for section in oracle.conf.sections():
        for option in RawConfigParser.options(oracle.conf, section):
            assert settled.cfg.get(section, option) == ConfigParser.get(oracle.conf, section, option)
            name = ConfigOption(section, option)
            assert settled.cfg.is_generated(name) is (f"# Variable: {name.variable}\n" in generated)
    newest = [setting.names_by_line[LINE].names[0] for setting in DEFAULTS]
    assert all(settled.cfg.is_generated(name) for name in newest)
