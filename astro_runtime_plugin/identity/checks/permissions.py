"""What a grant allows, in sentences: as Airflow documents its roles."""

from __future__ import annotations

from astro_runtime_plugin.identity.roles.grant import Grant

# Each role also has what those below it have. Source: the roles in the documentation of Airflow's FAB provider.
ROLE_SENTENCES = {
    "Viewer": "see all DAGs, their runs, tasks, logs and code, and all assets",
    "User": "run, clear, pause, edit and delete all DAGs",
    "Op": "see and change connections, variables, pools and XComs; see the configuration and providers",
    "Admin": "do everything else, such as see the audit log",
}
DAG_SENTENCES = {
    "read": "see the DAGs {pattern}, their runs, tasks, logs and code",
    "edit": "see, run, clear, pause, edit and delete the DAGs {pattern}",
}


def permissions_of(grant: Grant) -> list[str]:
    """Return a sentence for each thing that the grant allows."""
    roles = list(ROLE_SENTENCES)
    held = roles[: roles.index(grant.role) + 1] if grant.role else []
    dags = [DAG_SENTENCES[rule.access].format(pattern=rule.pattern) for rule in grant.dags]
    return [*(ROLE_SENTENCES[role] for role in held), *dags]
