"""The auth manager of Airflow 2: FAB's own, which decides by the grants of the identity provider's users."""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from functools import cached_property
from typing import Any

from airflow.configuration import conf
from airflow.models import DagModel
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.security.permissions import ACTION_CAN_EDIT, ACTION_CAN_READ, RESOURCE_DAG
from airflow.utils.session import NEW_SESSION, provide_session
from flask_appbuilder.const import AUTH_DB
from sqlalchemy import select

from astro_runtime_plugin.identity.airflow2.addresses import relative_url
from astro_runtime_plugin.identity.settings import IdentitySettings, read_settings

log = logging.getLogger("astro_runtime")
LEFT_ALONE = "%s in webserver_config.py is yours, so it is left alone: the identity provider is not used"
# By method of a request for DAGs: FAB's action, and the access by a DAG rule.
DAG_ACCESS = {"GET": (ACTION_CAN_READ, "read"), "PUT": (ACTION_CAN_EDIT, "edit")}


class RuntimeAuthManager(FabAuthManager):  # type: ignore[misc]
    """Exactly FabAuthManager where no provider is set, or webserver_config.py has a login of its own."""

    @cached_property
    def security_manager(self) -> Any:
        """Return the security manager: ours, the operator's or FAB's."""
        if self.settings is None:
            return super().security_manager
        from astro_runtime_plugin.identity.airflow2.security_manager import RuntimeSecurityManager

        return RuntimeSecurityManager(self.appbuilder, self.settings)

    @cached_property
    def settings(self) -> IdentitySettings | None:
        """The settings of the provider; None where FAB decides. Raises StartError for settings that cannot work."""
        settings = read_settings(conf)
        login = own_login(self.appbuilder.get_app.config)
        if settings and login:
            log.warning(LEFT_ALONE, login)
            return None
        return settings

    def get_url_login(self, **kwargs: Any) -> str:
        """Return the login page's URL; `next_url` becomes a path, as Airflow may not know its own host and scheme.

        Where a user who is logged in may not see the page, Airflow redirects here, too: then it is left out, because
        the page and the login would redirect to each other.
        """
        next_url = kwargs.pop("next_url", None)
        if next_url and self.settings:
            next_url = None if self.is_logged_in() else relative_url(next_url)
        return str(super().get_url_login(**kwargs, next_url=next_url))

    @provide_session
    def get_permitted_dag_ids(
        self, *, methods: Container[str] | None = None, user: Any = None, session: Any = NEW_SESSION
    ) -> set[str]:
        """Return the ids of the DAGs that the user may read or edit, by `methods`; decided in memory."""
        user = user or self.get_user()
        grant = getattr(user, "grant", None)
        if grant is None:
            return set(super().get_permitted_dag_ids(methods=methods, user=user, session=session))
        actions = [access for method, access in DAG_ACCESS.items() if method in (methods or DAG_ACCESS)]
        dag_ids = session.scalars(select(DagModel.dag_id))
        if any((action, RESOURCE_DAG) in user.perms for action, _ in actions):
            return set(dag_ids)
        return {
            dag_id for dag_id in dag_ids if any(grant.allows_dag(dag_id, access) for _, access in actions)
        }

    def _get_root_dag_id(self, dag_id: str) -> str:
        """Return the id as it is: FAB's query gives that, too, and fails for a DAG that does not exist."""
        return dag_id


def own_login(config: Mapping[str, Any]) -> str | None:
    """Return the name in webserver_config.py that sets up another login than FAB's default; None if none does."""
    if config.get("SECURITY_MANAGER_CLASS"):
        return "SECURITY_MANAGER_CLASS"
    return "AUTH_TYPE" if config.get("AUTH_TYPE", AUTH_DB) != AUTH_DB else None
