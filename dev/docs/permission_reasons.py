"""Why the Runtime's auth managers allow something else than FAB with its default roles does."""

from __future__ import annotations

import re
from typing import NamedTuple

ALLOWED, REFUSED = "+", "-"
BY_DAG = ("DAG edit", "DAG read", "another DAG")
NOT_OF_A_DAG = re.compile(
    r"assets|datasets|Assets?Events|DatasetEvents|dataset_dependencies|partitioned_dag_run|queuedEvent"
    r"|/jobs$|/job/list/|/pools|/pool/list/|/cluster_activity|/historical_metrics_data|^/dag-dependencies"
    r"|^/astro-runtime/api/(components|task-logs|workers)$"
)


class Reason(NamedTuple):
    """Why stock allows what the Runtime refuses: in these columns, for paths with a match. Nothing is the other way."""

    columns: tuple[str, ...]
    paths: re.Pattern[str]
    text: str


REASONS = (
    Reason(
        ("no role",),
        re.compile(""),
        "Whoever has no role and no DAGs is refused at login, and by a token too; FAB lets such a user log in.",
    ),
    Reason(
        BY_DAG,
        NOT_OF_A_DAG,
        "Rules for DAGs give the DAGs of their pattern, and what is below these. Assets, pools, jobs, the components"
        " that run, and overviews of all DAGs need a role. With FAB, the operator's own role for single DAGs decides;"
        " the one compared here is Viewer or User without the permissions on all DAGs.",
    ),
    Reason(
        ("anonymous",),
        re.compile(r"^/auth/token$"),
        "The exchange of a token of the provider refuses a request without one. FAB's reads a password from the body.",
    ),
)
# Routes that only FAB has, and routes that only the Runtime has, by their paths.
ABSENT = {
    re.compile(
        r"^/(users|roles|actions|resources|permissions|userstatschartview|userinfoeditview|login/|auth/fab/v1)"
        r"|^/reset(my)?password"
    ): "Users, their roles and passwords are at the provider.",
    re.compile(
        r"^/auth/(docs|openapi\.json|redoc|token/cli)"
    ): "They describe, or belong to, FAB's own API and its passwords.",
}
ADDED = {
    re.compile(
        r"^/(auth|identity)/|^/oauth-authorized/"
    ): "Login, logout and tokens of the provider; they decide by what a request carries.",
    re.compile(
        r"^/execution/"
    ): "For tasks: it takes the tokens that Airflow gives to them, whatever the auth manager, and no user's.",
}


def path_of(route: str) -> str:
    """Return a route's path, without the method before it."""
    return route.partition(" ")[2]


def reason_of(route: str, column: str, stock: str, runtime: str) -> Reason | None:
    """Return why a mark of a route differs; None if nothing explains it."""
    if (stock, runtime) != (ALLOWED, REFUSED):
        return None
    path = path_of(route)
    return next(
        (reason for reason in REASONS if column in reason.columns and reason.paths.search(path)), None
    )


def text_of(route: str, texts: dict[re.Pattern[str], str]) -> str | None:
    """Return the text of ABSENT or ADDED for a route; None if there is none."""
    return next((text for pattern, text in texts.items() if pattern.search(path_of(route))), None)
