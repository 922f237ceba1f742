"""Writes a draft as an environment and an airflow.cfg, with and without the options that Airflow generated."""

from __future__ import annotations

import re
from typing import NamedTuple

from entrypoint.option_names import ConfigOption
from testing.installed_line import DEFAULTS
from tests.contract.config_strategies import (
    ENVIRONMENT_PLACES,
    Draft,
    Placement,
    max_with_names,
    names_of,
)

# By section and option: the text, and the placement that it comes from.
Options = dict[tuple[str, str], tuple[str, Placement]]
# What Airflow, of this line or the other, writes into a file that it generates.
AIRFLOW_DEFAULTS = {
    (name.section, name.option): setting.airflow_default
    for setting in DEFAULTS
    for name in names_of(setting)
    if isinstance(name, ConfigOption) and name not in max_with_names(setting)
}


class ConfigFiles(NamedTuple):
    """A configuration: the environment and the text of airflow.cfg, or None without one.

    `operator_cfg` is `cfg` without the options that Airflow generated and nobody changed.
    """

    environ: dict[str, str]
    cfg: str | None
    operator_cfg: str


def write_draft(draft: Draft, generated: str) -> ConfigFiles:
    """Write the draft, into the text `generated` of a file that Airflow generated if the draft is based on one."""
    environ: dict[str, str] = {}
    options: Options = {}
    marked = {_option(placement)[1] for placement in draft.placements if placement.place == "cfg_generated"}
    for number, placement in enumerate(draft.placements + draft.context):
        text = _formatted(placement, number, environ, options)
        if placement.place in ENVIRONMENT_PLACES:
            environ.setdefault(_variable(placement), text)
            continue
        section, option = _option(placement)
        if section == "DEFAULT" and (draft.generated or option in marked):
            continue  # an option that Airflow has generated hides the inherited one
        options.setdefault((section, option), (text, placement))
    lines = generated.split("\n") if draft.generated else []
    if not (lines or options or draft.headers):
        return ConfigFiles(environ, None, "")
    texts = [_cfg_text(lines, options, draft, keep_generated=keep) for keep in (True, False)]
    return ConfigFiles(environ, *texts)


def _variable(placement: Placement) -> str:
    variable = placement.name.variable
    return {
        "env_cmd": variable + "_CMD",
        "env_secret": variable + "_SECRET",
        "env_lower": variable.lower(),
    }.get(placement.place, variable)


def _option(placement: Placement) -> tuple[str, str]:
    assert isinstance(placement.name, ConfigOption)
    section, option = placement.name.section, placement.name.option
    return {
        "cfg_default": ("DEFAULT", option),
        "cfg_cmd": (section, option + "_cmd"),
        "cfg_secret": (section, option + "_secret"),
        "cfg_upper": (section, option.upper()),
        "cfg_section_upper": (section.upper(), option),
    }.get(placement.place, (section, option))


def _formatted(placement: Placement, number: int, environ: dict[str, str], options: Options) -> str:
    """Return the text in its form, and add the variables and options that the form refers to."""
    text, form = placement.text, placement.form
    reference = f"STATE_{number}"
    if form in ("dollar", "braces", "nested"):
        environ[reference] = text if form != "nested" else f"${reference}_INNER"
        environ[f"{reference}_INNER"] = text
        return "${" + reference + "}" if form == "braces" else f"${reference}"
    if form in ("interpolated", "inherited"):
        section = "DEFAULT" if form == "inherited" else _option(placement)[0]
        options[(section, reference)] = (text, placement._replace(place="cfg"))
        return f"%({reference})s"
    return {"padded": f"  {text} ", "tabs": f"\t{text}\t", "continued": f"\n   {text}"}.get(form, text)


def _cfg_text(lines: list[str], options: Options, draft: Draft, *, keep_generated: bool) -> str:
    """Return airflow.cfg with the options added to `lines`."""
    remaining = dict(options)
    sections: dict[str, list[str]] = {}
    section = ""
    for line in lines:
        section = line[1 : line.index("]")] if re.match(r"\[.+\]", line) else section
        key = section, line.partition(" =")[0]
        body = sections.setdefault(section, [])
        if key in remaining:
            body += _option_lines(key, *remaining.pop(key), keep_generated=keep_generated, in_generated=True)
        elif keep_generated or key not in AIRFLOW_DEFAULTS:
            body.append(line)
    for key, option in remaining.items():
        body = sections.setdefault(key[0], [f"[{key[0]}]"])
        body += _option_lines(key, *option, keep_generated=keep_generated, in_generated=False)
    for section, _ in AIRFLOW_DEFAULTS if draft.headers else ():
        sections.setdefault(section, [f"[{section}]"])
    return "\n".join(line for body in sections.values() for line in body) + "\n"


def _option_lines(
    key: tuple[str, str], text: str, placement: Placement, *, keep_generated: bool, in_generated: bool
) -> list[str]:
    """Return the lines of one option. Below Airflow's comment, Airflow's default counts as generated."""
    entry = f"{key[1]} {':' if placement.form == 'colon' else '='} {text}"
    if placement.place == "cfg_commented":
        return [f"# {line}" for line in entry.split("\n")]
    marked = key in AIRFLOW_DEFAULTS and (in_generated or placement.place == "cfg_generated")
    if marked and not keep_generated and float(placement.text) == float(AIRFLOW_DEFAULTS[key]):
        return []
    mark = [f"# Variable: {ConfigOption(*key).variable}", "#"] if marked and not in_generated else []
    return [*mark, entry]
