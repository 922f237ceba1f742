"""States: a draft written down as an environment and an airflow.cfg, of the operator's or of Airflow's making."""

from __future__ import annotations

import re
from typing import NamedTuple

from entrypoint.defaults import DEFAULTS
from entrypoint.option_names import ConfigOption
from tests.contract.config_strategies import ENVIRONMENT_PLACES, Draft, Placement, joined_names, names_of

Options = dict[
    tuple[str, str], tuple[str, Placement]
]  # by section and option: the text, and where it came from
# What Airflow writes into a file that it generates, this line's or the other.
STOCK = {
    (name.section, name.option): setting.airflow_default
    for setting in DEFAULTS
    for name in names_of(setting)
    if isinstance(name, ConfigOption) and name not in joined_names(setting)
}


class State(NamedTuple):
    """A state written down. `operators` is `cfg` without the options that are Airflow's own writing, unchanged."""

    environ: dict[str, str]
    cfg: str | None
    operators: str


def write_down(draft: Draft, generated: str) -> State:
    """Write the draft down, into the text of a file that Airflow has generated if the draft says so."""
    environ: dict[str, str] = {}
    options: Options = {}
    marked = {_option(one)[1] for one in draft.placements if one.place == "cfg_generated"}
    for number, one in enumerate(draft.placements + draft.context):
        text = _formed(one, number, environ, options)
        if one.place in ENVIRONMENT_PLACES:
            environ.setdefault(_variable(one), text)
            continue
        section, option = _option(one)
        if section == "DEFAULT" and (draft.generated or option in marked):
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
    assert isinstance(one.name, ConfigOption)
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
    mark = [f"# Variable: {ConfigOption(*key).variable}", "#"] if marked and not generated else []
    return [*mark, written]
