"""Hypothesis strategies for what an operator may configure: under which name, where, and in which notation."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from entrypoint.defaults import EXECUTOR, WORKER_CONCURRENCY, WORKER_QUEUES, SettingDefault
from entrypoint.option_names import ConfigOption, EnvOnlyName
from testing.installed_line import DEFAULTS, LINE

ENVIRONMENT_PLACES = ("env", "env_cmd", "env_secret", "env_lower")
CFG_PLACES = (
    "cfg",
    "cfg_generated",  # with the comment that Airflow writes above an option of a file that it generates
    "cfg_commented",
    "cfg_default",  # in [DEFAULT], from which every section of the file inherits
    "cfg_cmd",
    "cfg_secret",
    "cfg_upper",
    "cfg_section_upper",
)
ENVIRONMENT_FORMS = ("plain", "padded", "tabs", "dollar", "braces", "nested")
CFG_FORMS = (*ENVIRONMENT_FORMS, "interpolated", "inherited", "colon", "continued")
EXECUTORS = (
    "LocalExecutor",
    " LocalExecutor ",
    "CeleryExecutor",
    "KubernetesExecutor",
    "SequentialExecutor",  # Airflow 3 reads it as LocalExecutor
    "LocalExecutor,CeleryExecutor",
    "airflow.executors.local_executor.LocalExecutor",
    "mine:airflow.executors.local_executor.LocalExecutor",
    "CeleryExecutor,KubernetesExecutor",
    *{"3.3": ("mine:LocalExecutor",), "2.11": ("CeleryKubernetesExecutor", "LocalKubernetesExecutor")}[LINE],
)
# The types of numbers that each line's Airflow accepts with a decimal point or an exponent.
DECIMAL_TYPES: tuple[type, ...] = {"3.3": (int, float), "2.11": (float,)}[LINE]
CONCURRENCIES = ("4", " 16 ", *{"3.3": ("8.0",), "2.11": ()}[LINE])
QUEUES = (
    "[]",
    '[{"name": "default", "worker_count": 4, "worker_concurrency": 16}]',
    '[{"name":"default","worker_count":4,"worker_concurrency":16},{"name":"gpu","worker_count":2,"worker_concurrency":1}]',
    ' [{"name": "default", "worker_count": 3}] ',
    '[{"name": "default", "min_worker_count": 1, "max_worker_count": 5, "worker_concurrency": 2}]',
    '[{"name": "default", "worker_count": 0, "worker_concurrency": 8}]',
)


class Placement(NamedTuple):
    """One value that the operator sets: the name, the place, the text, and the form in which it is written."""

    name: ConfigOption | EnvOnlyName
    place: str
    text: str
    form: str

    def __repr__(self) -> str:
        return f"<{self.name} in {self.place}: {self.text!r} {self.form}>"


class Draft(NamedTuple):
    """A configuration before it is written: its placements, and the kind of file that they go into.

    `context` are settings that calculated defaults depend on. `generated` starts from a file that Airflow generated,
    and `headers` adds the headers of all sections.
    """

    placements: list[Placement]
    context: list[Placement]
    generated: bool
    headers: bool


def names_of(setting: SettingDefault) -> tuple[ConfigOption | EnvOnlyName, ...]:
    """Return every name of the setting on this line."""
    option_names = setting.names_by_line[LINE]
    return (*option_names.names, *max_with_names(setting), *option_names.forwarded)


def max_with_names(setting: SettingDefault) -> tuple[ConfigOption, ...]:
    return tuple(name for names in setting.names_by_line[LINE].max_with for name in names)


def minimum(setting: SettingDefault) -> float | None:
    """Return the smallest number that the setting accepts, or None if it accepts any."""
    return setting.names_by_line[LINE].minimum


@cache
def numbers(setting: SettingDefault, name: ConfigOption | EnvOnlyName) -> st.SearchStrategy[str]:
    usual = [
        setting.airflow_default,
        setting.default or "16",
        "32",
        "1",
        "7",
        "+8",
        "007",
        "1_000",
        "10000000",
        *(("5.0", "1e2") if setting.number in DECIMAL_TYPES else ()),
    ]
    texts = st.sampled_from(usual) | st.integers(1, 5000).map(str)
    if setting.number is float:
        texts |= st.sampled_from(["0.5", "600", "599.99", "1e3", "0.001"])
    low = minimum(setting)
    if low is None or low < 0:
        texts |= st.sampled_from(["-1", "-3600"])
    if setting.maximum is None:
        texts |= st.just("1000000000000")
    return texts if low == 1 else texts | st.just("0")


@st.composite
def _placement(draw: st.DrawFn) -> Placement:
    setting = draw(st.sampled_from(DEFAULTS))
    name = draw(st.sampled_from(names_of(setting)))
    places = ENVIRONMENT_PLACES + CFG_PLACES if isinstance(name, ConfigOption) else ENVIRONMENT_PLACES
    # Half of all placements are overrides; the other half must not be taken for one.
    overriding = [place for place in places if place in ("env", "cfg")]
    place = draw(st.sampled_from(places) | st.sampled_from(overriding))
    forms = CFG_FORMS if place.startswith("cfg") else ENVIRONMENT_FORMS
    return Placement(name, place, draw(numbers(setting, name)), draw(st.sampled_from(forms)))


def _context(name: ConfigOption, texts: tuple[str, ...]) -> st.SearchStrategy[Placement]:
    """Return placements of a setting that calculated defaults depend on."""
    return st.builds(
        Placement, st.just(name), st.sampled_from(("env", "cfg")), st.sampled_from(texts), st.just("plain")
    )


def drafts() -> st.SearchStrategy[Draft]:
    """Return drafts with up to six placements, and up to three settings that calculated defaults depend on."""
    placements = st.lists(_placement(), max_size=6)
    context = st.one_of(
        _context(EXECUTOR, EXECUTORS),
        _context(WORKER_CONCURRENCY, CONCURRENCIES),
        _context(WORKER_QUEUES, QUEUES),
    )
    # One in four, because a generated file has 4,000 lines and takes ten times as long.
    generated = st.sampled_from((False, False, False, True))
    return st.builds(Draft, placements, st.lists(context, max_size=3), generated, st.booleans())
