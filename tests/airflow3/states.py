"""States: everything that an operator may have set before a start, in the environment and in airflow.cfg."""

from __future__ import annotations

import re
from typing import NamedTuple

from hypothesis import strategies as st

from entrypoint.defaults import EXECUTOR, TABLE, WORKER_CONCURRENCY, WORKER_QUEUES, Setting
from entrypoint.names import Name, Variable

LINE = "3.3"
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
    "mine:LocalExecutor",
    "airflow.executors.local_executor.LocalExecutor",
    "CeleryExecutor,KubernetesExecutor",
)
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

    name: Name | Variable
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


Options = dict[
    tuple[str, str], tuple[str, Placement]
]  # by section and option: the text, and what it stands for


def names_of(setting: Setting) -> tuple[Name | Variable, ...]:
    spelling = setting.spellings[LINE]
    return (*spelling.names, *spelling.carried)


def _numbers(setting: Setting) -> st.SearchStrategy[str]:
    usual = [
        setting.stock,
        setting.default or "16",
        "32",
        "1",
        "7",
        "5.0",
        "1e2",
        "+8",
        "007",
        "1_000",
        "10000000",
    ]
    whole = st.sampled_from(usual) | st.integers(1, 5000).map(str)
    if setting.number is float:
        return whole | st.sampled_from(["0.5", "600", "599.99", "1e3", "0.001"])
    return whole | st.just("0") if setting.least == 0 else whole


@st.composite
def _placement(draw: st.DrawFn) -> Placement:
    setting = draw(st.sampled_from(TABLE))
    name = draw(st.sampled_from(names_of(setting)))
    places = ENVIRONMENT_PLACES + CFG_PLACES if isinstance(name, Name) else ENVIRONMENT_PLACES
    # Half of all placements count; the others are what must not be taken for an override.
    place = draw(st.sampled_from(places) | st.sampled_from(tuple({"env", "cfg"} & set(places))))
    forms = ["plain", "padded", "tabs", "dollar", "braces", "nested"]
    forms += ["interpolated", "inherited", "colon", "continued"] if place.startswith("cfg") else []
    return Placement(name, place, draw(_numbers(setting)), draw(st.sampled_from(forms)))


def _context(name: Name, texts: tuple[str, ...]) -> st.SearchStrategy[Placement]:
    """A setting that the formula hangs on, as it is or left alone."""
    return st.builds(
        Placement, st.just(name), st.sampled_from(("env", "cfg")), st.sampled_from(texts), st.just("plain")
    )


def drafts() -> st.SearchStrategy[Draft]:
    """Every state is a draft with up to six placements of settings and up to three that the formula hangs on."""
    placements = st.lists(_placement(), max_size=6)
    context = st.one_of(
        _context(EXECUTOR, EXECUTORS),
        _context(WORKER_CONCURRENCY, ("4", "16", "8.0")),
        _context(WORKER_QUEUES, QUEUES),
    )
    generated = st.sampled_from(
        (False, False, False, True)
    )  # 4,000 lines: such a state takes ten times as long
    return st.builds(Draft, placements, st.lists(context, max_size=3), generated, st.booleans())


STOCK = {(n.section, n.option): s.stock for s in TABLE for n in names_of(s) if isinstance(n, Name)}


class State(NamedTuple):
    """A state written down. `operators` is `cfg` without the options that are Airflow's own writing, unchanged."""

    environ: dict[str, str]
    cfg: str | None
    operators: str


def write_down(draft: Draft, generated: str) -> State:
    """Write the draft down, into the text of a file that Airflow has generated if the draft says so."""
    environ: dict[str, str] = {}
    options: Options = {}
    for number, one in enumerate(draft.placements + draft.context):
        text = _formed(one, number, environ, options)
        if one.place in ENVIRONMENT_PLACES:
            environ.setdefault(_variable(one), text)
            continue
        section, option = _option(one)
        if draft.generated and section == "DEFAULT":
            continue  # an option that Airflow has generated hides the inherited one
        options.setdefault((section, option), (text, one))
    lines = generated.split("\n") if draft.generated else []
    if not (lines or options or draft.headers):
        return State(environ, None, "")
    return State(environ, _text(lines, options, draft, keep=True), _text(lines, options, draft, keep=False))


def _variable(one: Placement) -> str:
    variable = one.name.variable
    return {
        "env_cmd": variable + "_CMD",
        "env_secret": variable + "_SECRET",
        "env_lower": variable.lower(),
    }.get(one.place, variable)


def _option(one: Placement) -> tuple[str, str]:
    assert isinstance(one.name, Name)
    section, option = one.name.section, one.name.option
    return {
        "cfg_default": ("DEFAULT", option),
        "cfg_cmd": (section, option + "_cmd"),
        "cfg_secret": (section, option + "_secret"),
        "cfg_upper": (section, option.upper()),
        "cfg_section_upper": (section.upper(), option),
    }.get(one.place, (section, option))


def _formed(one: Placement, number: int, environ: dict[str, str], options: Options) -> str:
    """Return the text in its form, and write down what the form refers to."""
    held = f"STATE_{number}"
    if one.form in ("dollar", "braces", "nested"):
        environ[held] = one.text if one.form != "nested" else f"${held}_INNER"
        environ[f"{held}_INNER"] = one.text
        return "${" + held + "}" if one.form == "braces" else f"${held}"
    if one.form in ("interpolated", "inherited"):
        section = "DEFAULT" if one.form == "inherited" else _option(one)[0]
        options[(section, held)] = (one.text, one._replace(place="cfg"))
        return f"%({held})s"
    return {"padded": f"  {one.text} ", "tabs": f"\t{one.text}\t", "continued": f"\n   {one.text}"}.get(
        one.form, one.text
    )


def _text(lines: list[str], options: Options, draft: Draft, *, keep: bool) -> str:
    """Return airflow.cfg with the options in it; `keep` says whether what Airflow wrote, unchanged, stays in it."""
    left = dict(options)
    sections: dict[str, list[str]] = {}
    section = ""
    for line in lines:
        section = line[1 : line.index("]")] if re.match(r"\[.+\]", line) else section
        key = section, line.partition(" =")[0]
        body = sections.setdefault(section, [])
        if key in left:
            body += _written(key, left.pop(key), keep=keep, generated=True)
        elif keep or key not in STOCK:
            body.append(line)
    for key, option in left.items():
        sections.setdefault(key[0], [f"[{key[0]}]"]).extend(_written(key, option, keep=keep, generated=False))
    for section, _ in STOCK if draft.headers else ():
        sections.setdefault(section, [f"[{section}]"])
    return "\n".join(line for body in sections.values() for line in body) + "\n"


def _written(
    key: tuple[str, str], option: tuple[str, Placement], *, keep: bool, generated: bool
) -> list[str]:
    """Return the lines of one option; under Airflow's own comment a stock value is Airflow's, unless `keep`."""
    text, one = option
    written = f"{key[1]} {':' if one.form == 'colon' else '='} {text}"
    if one.place == "cfg_commented":
        return [f"# {line}" for line in written.split("\n")]
    marked = key in STOCK and (generated or one.place == "cfg_generated")
    if marked and not keep and float(one.text) == float(STOCK[key]):
        return []
    mark = [f"# Variable: {Name(*key).variable}", "#"] if marked and not generated else []
    return [*mark, written]
