"""Imports every module of every provider and prints, as JSON, how many there are and which cannot be imported.

Left out are those that need a package or a provider that is not in the image, or an Airflow of the other line. Read by
the Python of a container from standard input.
"""

import json
import sys
import warnings
from importlib import import_module
from importlib.metadata import distributions, packages_distributions

PREFIX = "airflow.providers."


def modules() -> list[str]:
    """Return the full name of each module of the installed providers."""
    files = [
        file
        for item in distributions()
        if item.metadata["Name"].startswith("apache-airflow-providers-")
        for file in item.files or ()
        if file.suffix == ".py"
    ]
    return sorted(".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files)


def import_error(name: str) -> BaseException | None:
    """Import a module; return the first cause of its failure."""
    try:
        import_module(name)
    except BaseException as error:
        return first_cause(error)
    return None


def first_cause(error: BaseException) -> BaseException:
    """Return the error that led to this one."""
    cause = error.__cause__ or error.__context__
    return first_cause(cause) if cause else error


def is_for_others(error: BaseException) -> bool:
    """Whether a module's package, or its provider, is not in the image at all, or it is for another Airflow."""
    if type(error).__name__ == "AirflowOptionalProviderFeatureException":
        return True
    name = (isinstance(error, ImportError) and error.name) or ""
    if name.startswith(PREFIX):
        return not any(f"{module}.".startswith(f"{name}.") for module in names)
    is_missing = isinstance(error, ModuleNotFoundError) and name.partition(".")[0] not in top_level_names
    return is_missing or name.startswith("airflow.")


warnings.simplefilter("ignore")
names, top_level_names = modules(), packages_distributions()
errors = {name: error for name in names if (error := import_error(name))}
broken = {name: repr(error) for name, error in errors.items() if not is_for_others(error)}
print()
json.dump({"modules": len(names), "broken": broken}, sys.stdout)
