"""What is wrong with an entry of requirements.txt on its own, before uv sees it."""

from __future__ import annotations

from image.passwords import has_password
from image.requirement_entry import RequirementEntry, option_problem, package_name
from image.requirement_lines import missing_file

# The image decides the versions of these packages.
IMAGE_MANAGED = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk", "astro-runtime"}
REMEDY_OTHER_AIRFLOW = "delete the line; for another Airflow, name another tag of the image in FROM"
REMEDY_MISSING_FILE = (
    "of the project's files only packages.txt, requirements.txt and pip.conf are available during the installation:"
    " list packages or URLs in requirements.txt itself"
)
REMEDY_LITERAL = (
    "write ${NAME} instead, and pass its value"
    " with --secret id=build.env, or pass a pip.conf with --secret id=pip.conf"
)


def problem(entry: RequirementEntry, airflow: str, *, in_layer: bool) -> str:
    """Return what is wrong with the entry on its own; empty for most.

    `in_layer`: the list is in a layer of the image, so that no password may be in it.
    """
    if in_layer and has_password(entry.text):
        return (
            f"{entry}: this line has a password, which would stay in a layer of the image; {REMEDY_LITERAL}"
        )
    if objection := option_problem(entry):
        return f"{entry}: {objection}"
    name = package_name(entry)
    if name in IMAGE_MANAGED:
        return f"{entry}: {image_decides(name, airflow)}; {REMEDY_OTHER_AIRFLOW}"
    file = missing_file(entry)
    return f"{entry}: there is no {file} where this list is installed; {REMEDY_MISSING_FILE}" if file else ""


def image_decides(name: str | None, airflow: str) -> str:
    """Return the rule that a list must not change the package."""
    return f"the image decides the version of {name}, and has Airflow {airflow}"
