"""Names of Airflow settings, and how the environment spells them."""

from __future__ import annotations


class ConfigOption:
    """An Airflow setting: its `section`, its `option`, and the `variable` that sets it.

    Source of the variable's spelling: `AirflowConfigParser._env_var_name`.
    """

    __slots__ = ("option", "section", "variable")

    def __init__(self, section: str, option: str) -> None:
        self.section = section
        self.option = option
        self.variable = f"AIRFLOW__{section.replace('.', '_').upper()}__{option.upper()}"

    def __str__(self) -> str:
        return f"[{self.section}] {self.option}"


class EnvOnlyName:
    """A name that exists only in the environment, such as a spelling from old documentation."""

    __slots__ = ("variable",)

    def __init__(self, variable: str) -> None:
        self.variable = variable

    def __str__(self) -> str:
        return self.variable
