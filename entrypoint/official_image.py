"""Variables of the official image's entrypoint that do nothing here: one line says so, and what to do instead.

Source of the names: apache/airflow, scripts/docker/entrypoint_prod.sh. Those that work here are in `command.py` and
`wait.py`. `DB_HOST`, `DB_PORT` and `BACKEND`, with which that entrypoint finds the broker, are names that projects use
for themselves, so nothing is said about them.
"""

from __future__ import annotations

from difflib import get_close_matches

from entrypoint.command import PASSWORD, PASSWORD_COMMAND, SETUP_STEPS, START_PREFIXES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

INSTEAD = {
    "_PIP_ADDITIONAL_REQUIREMENTS": (
        "nothing is installed at the start; put the packages into the project's requirements.txt and build its image"
    ),
    "_AIRFLOW_DB_RESET": "the start deletes nothing; to empty the database, run `airflow db reset`",
    "_AIRFLOW_DB_INIT": "use _AIRFLOW_DB_MIGRATE, which creates the tables, too",
}
USER_FIELDS = ("USERNAME", "FIRSTNAME", "LASTNAME", "EMAIL", "ROLE")
SUPPORTED = {
    *(name for names in SETUP_STEPS.values() for name in names),
    *(f"_AIRFLOW_WWW_USER_{field}" for field in USER_FIELDS),
    PASSWORD,
    PASSWORD_COMMAND,
}


def ignored_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a line for each variable of a start that is set, but not supported. No line has its value."""
    names = sorted(name for name, text in environ.items() if text.strip() and name.startswith(START_PREFIXES))
    return [f"{name} is not supported: {_instead(name)}" for name in names if name not in SUPPORTED]


def _instead(name: str) -> str:
    if name in INSTEAD:
        return INSTEAD[name]
    similar = get_close_matches(name, sorted(SUPPORTED), n=1, cutoff=0.8)
    return f"did you mean {similar[0]}?" if similar else "it is ignored"
