"""The override contract and the forwarding of documented names, with Airflow's `conf` as the oracle."""

from __future__ import annotations

import os
import re
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
from entrypoint.option_names import ConfigOption
from testing.installed_line import DEFAULTS, LINE
from tests.contract.config_files import ConfigFiles, write_draft
from tests.contract.config_strategies import Draft, drafts, names_of, numbers
from tests.contract.oracle import Expected, Oracle, replaced_environ
from tests.contract.readers import values_in_airflow

GENERATE = "import airflow.configuration as c; c.write_default_airflow_configuration_if_needed()"
SECTIONS = {
    name.section for setting in DEFAULTS for name in names_of(setting) if isinstance(name, ConfigOption)
}

pytestmark = pytest.mark.timeout(0)  # --states determines how long it takes


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the airflow.cfg that Airflow generates, in a process in which the Runtime's hook runs."""
    home = tmp_path_factory.mktemp("generated")
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
    subprocess.run(
        [sys.executable, "-c", GENERATE], env=environ, check=True, capture_output=True, timeout=300
    )
    return (home / "airflow.cfg").read_text()


@pytest.fixture(scope="module")
def generated_sections(generated: str) -> str:
    """Return the sections of that file that hold the settings: a third of its lines, and of the time to read them."""
    sections = re.split(r"^(?=\[)", generated, flags=re.MULTILINE)
    return "".join(text for text in sections if text[1:].partition("]")[0] in SECTIONS)


class Scenario:
    """A configuration on disk, and the start in it."""

    def __init__(self, home: Path, files: ConfigFiles) -> None:
        base = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
        base["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"  # Airflow 2 has a plugin among its examples
        base["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = "socket.gethostname"  # the default queries the network
        base["AIRFLOW__SCHEDULER__PARSING_PROCESSES"] = "1"  # Airflow 2 warns of more on SQLite
        base["AIRFLOW__API_AUTH__JWT_SECRET"] = "not a secret: without one Airflow warns for every executor"
        self.environ = {**base, **files.environ}
        self.cfg = home / "airflow.cfg"
        self.operator_cfg = home / "operator.cfg"
        self.operator_cfg.write_text(files.operator_cfg)
        self.cfg.unlink(missing_ok=True)
        if files.cfg is not None:
            self.cfg.write_text(files.cfg)

    def start(self) -> PreparedEnvironment:
        with replaced_environ(self.environ):
            return build_environment(os.environ)


def assert_effective(oracle: Oracle, expected: list[Expected]) -> None:
    """Airflow's `conf`, the Task SDK's, and the objects that read them have what the contract demands."""
    objects = values_in_airflow()
    for setting, result in zip(DEFAULTS, expected, strict=True):
        values = [oracle.effective(setting, parser) for parser in oracle.parsers]
        values += objects[setting.documented]
        assert values == [result.value] * len(values), setting.documented


def assert_record(prepared: PreparedEnvironment, expected: list[Expected]) -> None:
    """The record has the effective value and its origin."""
    for setting, result in zip(record.decode(prepared.environ), expected, strict=True):
        assert float(setting.value) == result.value, setting.documented
        assert setting.origin in result.origins, setting.documented


def examples(request: pytest.FixtureRequest, share: float = 1) -> settings:
    count = max(1, int(request.config.getoption("states") * share))
    return settings(max_examples=count, suppress_health_check=list(HealthCheck))


def test_any_configuration_fulfils_contract(
    request: pytest.FixtureRequest, oracle: Oracle, home: Path, generated_sections: str
) -> None:
    @examples(request)
    @given(drafts())
    def assert_contract_is_fulfilled(draft: Draft) -> None:
        scenario = Scenario(home, write_draft(draft, generated_sections))
        expected = oracle.expected(scenario.environ, scenario.operator_cfg)
        prepared = scenario.start()
        with replaced_environ(prepared.environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle.load(scenario.cfg)
            assert_effective(oracle, expected)
            assert_record(prepared, expected)
            assert build_environment(os.environ).environ == prepared.environ, (
                "a nested start must not change anything"
            )

    assert_contract_is_fulfilled()


def test_value_changed_between_starts_is_override(
    request: pytest.FixtureRequest, oracle: Oracle, home: Path, generated_sections: str
) -> None:
    """With `docker exec -e`, or in a shell in the container, the environment has an earlier start's exports."""

    @examples(request, 0.1)
    @given(drafts(), st.data())
    def assert_changed_value_is_override(draft: Draft, data: st.DataObject) -> None:
        scenario = Scenario(home, write_draft(draft, generated_sections))
        first = scenario.start()
        setting = data.draw(st.sampled_from(DEFAULTS))
        newest = setting.names_by_line[LINE].names[0]
        variable = newest.variable
        text = data.draw(numbers(setting, newest).filter(lambda text: text != first.environ.get(variable)))
        with replaced_environ({**first.environ, variable: text}):
            second = build_environment(os.environ)
        expected = oracle.expected({**scenario.environ, variable: text}, scenario.operator_cfg)
        with replaced_environ(second.environ), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle.load(scenario.cfg)
            assert_effective(oracle, expected)
        assert_record(second, expected)

    assert_changed_value_is_override()


def test_generated_file_overrides_nothing(
    oracle: Oracle, home: Path, generated: str, generated_sections: str
) -> None:
    scenario = Scenario(home, ConfigFiles({}, generated, ""))
    prepared = scenario.start()
    for cfg in (None, generated_sections):
        other = Scenario(home, ConfigFiles({}, cfg, "")).start()
        assert [(setting.value, setting.origin) for setting in prepared.settings] == [
            (setting.value, setting.origin) for setting in other.settings
        ]
    assert {setting.origin for setting in prepared.settings} <= {record.RUNTIME, record.AIRFLOW}
    scenario = Scenario(home, ConfigFiles({}, generated, ""))
    oracle.load(scenario.cfg)
    for section in oracle.conf.sections():
        for option in RawConfigParser.options(oracle.conf, section):
            assert prepared.cfg.get(section, option) == ConfigParser.get(oracle.conf, section, option)
            name = ConfigOption(section, option)
            assert prepared.cfg.is_generated(name) is (f"# Variable: {name.variable}\n" in generated)
    newest = [setting.names_by_line[LINE].names[0] for setting in DEFAULTS]
    assert all(prepared.cfg.is_generated(name) for name in newest)
