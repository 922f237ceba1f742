"""Drafts: what an operator may set before a start, by which name, where and how it is written."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from entrypoint.defaults import DEFAULTS, EXECUTOR, WORKER_CONCURRENCY, WORKER_QUEUES, SettingDefault
from entrypoint.option_names import ConfigOption, EnvOnlyName
from testing.installed_line import LINE

ENVIRONMENT_PLACES = ("env", "env_cmd", "env_secret", "env_lower")
CFG_PLACES = (
    "cfg",
    "cfg_generated",  # with the comment that Airflow writes above an option of a file it generates
    "cfg_commented",
    "cfg_default",  # in [DEFAULT], which every section that the file has inherits
    "cfg_cmd",
    "cfg_secret",
    "cfg_upper",
    "cfg_section_upper",
)
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
# Which of its numbers each line's Airflow takes with a point or an exponent.
POINTED: tuple[type, ...] = {"3.3": (int, float), "2.11": (float,)}[LINE]
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
    """One thing that the operator has written: the name's variable, the place, the text and how it is written."""

    name: ConfigOption | EnvOnlyName
    place: str
    text: str
    form: str

    def __repr__(self) -> str:
        return f"<{self.name} in {self.place}: {self.text!r} {self.form}>"


class Draft(NamedTuple):
    """A state before it is written down: its placements, and the file that they go into."""

    placements: list[Placement]
    context: list[Placement]
    generated: bool
    headers: bool


def names_of(setting: SettingDefault) -> tuple[ConfigOption | EnvOnlyName, ...]:
    """Return every name that the setting has on this line."""
    spelling = setting.names_by_line[LINE]
    return (*spelling.names, *joined_names(setting), *spelling.forwarded)


def joined_names(setting: SettingDefault) -> tuple[ConfigOption, ...]:
    return tuple(name for names in setting.names_by_line[LINE].max_with for name in names)


def least(setting: SettingDefault, name: ConfigOption | EnvOnlyName) -> float:
    """Return the smallest number that the name may hold: 0 stands for not set in one that is joined."""
    return 0 if name in joined_names(setting) else setting.names_by_line[LINE].minimum


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
        *(("5.0", "1e2") if setting.number in POINTED else ()),
    ]
    whole = st.sampled_from(usual) | st.integers(1, 5000).map(str)
    if setting.number is float:
        whole |= st.sampled_from(["0.5", "600", "599.99", "1e3", "0.001"])
    return whole | st.just("0") if least(setting, name) == 0 else whole


@st.composite
def _placement(draw: st.DrawFn) -> Placement:
    setting = draw(st.sampled_from(DEFAULTS))
    name = draw(st.sampled_from(names_of(setting)))
    places = ENVIRONMENT_PLACES + CFG_PLACES if isinstance(name, ConfigOption) else ENVIRONMENT_PLACES
    # Half of all placements count; the others are what must not be taken for an override.
    place = draw(st.sampled_from(places) | st.sampled_from([one for one in places if one in ("env", "cfg")]))
    forms = ["plain", "padded", "tabs", "dollar", "braces", "nested"]
    forms += ["interpolated", "inherited", "colon", "continued"] if place.startswith("cfg") else []
    return Placement(name, place, draw(numbers(setting, name)), draw(st.sampled_from(forms)))


def _context(name: ConfigOption, texts: tuple[str, ...]) -> st.SearchStrategy[Placement]:
    """A setting that the formula hangs on, as it is or left alone."""
    return st.builds(
        Placement, st.just(name), st.sampled_from(("env", "cfg")), st.sampled_from(texts), st.just("plain")
    )


def drafts() -> st.SearchStrategy[Draft]:
    """Every state is a draft with up to six placements of settings and up to three that the formula hangs on."""
    placements = st.lists(_placement(), max_size=6)
    context = st.one_of(
        _context(EXECUTOR, EXECUTORS),
        _context(WORKER_CONCURRENCY, CONCURRENCIES),
        _context(WORKER_QUEUES, QUEUES),
    )
    generated = st.sampled_from(
        (False, False, False, True)
    )  # 4,000 lines: such a state takes ten times as long
    return st.builds(Draft, placements, st.lists(context, max_size=3), generated, st.booleans())
