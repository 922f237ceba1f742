"""Finds the settings that the operator has set, and how, in Airflow's order of precedence.

Source of the order: `AirflowConfigParser._lookup_sequence` and its methods, Airflow 3.3.2
(`airflow/_shared/configuration/parser.py`).
"""

from __future__ import annotations

from entrypoint.config_values import expand
from entrypoint.errors import bad_value
from entrypoint.record import CFG, COMMAND, ENVIRONMENT, SECRET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from entrypoint.config_file import AirflowCfg
    from entrypoint.defaults import SettingDefault
    from entrypoint.option_names import ConfigOption, EnvOnlyName

# The suffixes of a name with their origins, in Airflow's order. All but the first are for sensitive settings only.
IN_ENVIRONMENT = (("", ENVIRONMENT), ("_CMD", COMMAND), ("_SECRET", SECRET))
IN_CFG = (("", CFG), ("_cmd", COMMAND), ("_secret", SECRET))


class Override:
    """A value that the operator has set: its text, its origin, the setting's name, and where it is set.

    For the origins COMMAND and SECRET the text is the command, or the secret's path, not the value.
    """

    __slots__ = ("location", "name", "origin", "text")

    def __init__(self, name: ConfigOption | EnvOnlyName, origin: str, text: str, location: str) -> None:
        self.name = name
        self.origin = origin
        self.text = text
        self.location = location


def find_override(
    names: Iterable[ConfigOption | EnvOnlyName],
    environ: Mapping[str, str],
    cfg: AirflowCfg,
    *,
    sensitive: bool = False,
    skip_blank: bool = False,
) -> Override | None:
    """Return the override that Airflow would use, or None if the operator has set none of `names`.

    `skip_blank` is for names that Airflow does not read: with it, an empty value counts as not set.
    """
    overrides = _overrides(tuple(names), environ, cfg, sensitive)
    return next((override for override in overrides if not skip_blank or not is_blank(override.text)), None)


def find_setting_override(
    setting: SettingDefault,
    names: Iterable[ConfigOption | EnvOnlyName],
    environ: Mapping[str, str],
    cfg: AirflowCfg,
    *,
    skip_blank: bool = False,
) -> Override | None:
    """Return the override of a setting in the table, like `find_override`, but skip what Airflow generated itself."""
    for override in _overrides(tuple(names), environ, cfg, False):
        if skip_blank and is_blank(override.text):
            continue
        if not _is_generated_default(setting, override, cfg):
            return override
    return None


def is_blank(text: str) -> bool:
    """Whether a value is empty, also in quotes: `docker run --env-file` keeps them."""
    return not text.replace('"', "").replace("'", "").strip()


def validated_number_text(
    override: Override,
    parse: Callable[[str], float],
    unit: str,
    minimum: float | None = None,
    maximum: float | None = None,
) -> str:
    """Return the number without surrounding blanks. Raises StartError unless it is within the bounds that there are."""
    try:
        number = parse(override.text)
        is_within = (minimum is None or minimum <= number) and (maximum is None or number <= maximum)
        if not is_within or number - number != 0:  # which it is for neither inf nor nan
            raise ValueError
    except ValueError as error:
        must_be = numbers_within(float if parse is float else int, unit, minimum, maximum)
        raise bad_value(override.location, override.text, must_be) from error
    return override.text.strip()


def numbers_within(number: type, unit: str, minimum: float | None, maximum: float | None) -> str:
    """Describe the numbers that are allowed, such as "a whole number of tasks, at least 1"."""
    kind = f"a {'number' if number is float else 'whole number'} of {unit}"
    if minimum is not None and maximum is not None:
        return f"{kind} from {minimum} to {maximum}"
    return kind if minimum is None else f"{kind}, at least {minimum}"


def _overrides(
    names: tuple[ConfigOption | EnvOnlyName, ...],
    environ: Mapping[str, str],
    cfg: AirflowCfg,
    sensitive: bool,
) -> Iterator[Override]:
    """Yield every override, the one that wins first."""
    for name in names:
        yield from _in_environment(name, environ, sensitive)
    for suffix, origin in IN_CFG if sensitive else IN_CFG[:1]:
        for name in names:
            yield from _in_cfg(name, cfg, suffix, origin)


def _in_environment(
    name: ConfigOption | EnvOnlyName, environ: Mapping[str, str], sensitive: bool
) -> Iterator[Override]:
    for suffix, origin in IN_ENVIRONMENT if sensitive else IN_ENVIRONMENT[:1]:
        variable = name.variable + suffix
        text = environ.get(variable)
        if text is not None:
            yield Override(name, origin, text if suffix else expand(text, variable), variable)


def _in_cfg(
    name: ConfigOption | EnvOnlyName, cfg: AirflowCfg, suffix: str, origin: str
) -> Iterator[Override]:
    section, option = getattr(name, "section", ""), getattr(name, "option", "")
    text = cfg.get(section, option + suffix) if section else None
    if text is not None:
        location = f"[{section}] {option}{suffix} in {cfg.path}"
        yield Override(name, origin, text if suffix else expand(text, location), location)


def _is_generated_default(setting: SettingDefault, override: Override, cfg: AirflowCfg) -> bool:
    """Whether this is Airflow's default in an airflow.cfg that Airflow generated."""
    if override.origin != CFG or not cfg.is_generated(override.name):  # type: ignore[arg-type]
        return False
    try:
        return float(override.text) == float(setting.airflow_default)
    except ValueError:
        return False
