"""The auth manager of the organisation's identity provider on Airflow 3: roles from a grant, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.common.types import MenuItem
from airflow.models import DagModel
from airflow.utils.session import NEW_SESSION, provide_session
from sqlalchemy import select

from astro_runtime_plugin.identity.airflow3 import permissions
from astro_runtime_plugin.identity.airflow3.dag_access import allows_dag, authorized_ids
from astro_runtime_plugin.identity.airflow3.user import RuntimeUser

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
    from airflow.api_fastapi.auth.managers.models.batch_apis import IsAuthorizedDagRequest
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from fastapi import FastAPI
    from sqlalchemy.orm import Session
    from starlette.middleware import _MiddlewareFactory

# The resources of FAB's permissions, by Airflow's names for read-only views and for entries of the menu.
VIEWS = {
    AccessView.CLUSTER_ACTIVITY: "Cluster Activity",
    AccessView.DOCS: "Documentation",
    AccessView.IMPORT_ERRORS: "ImportError",
    AccessView.JOBS: "Jobs",
    AccessView.PLUGINS: "Plugins",
    AccessView.PROVIDERS: "Providers",
    AccessView.TRIGGERS: "Triggers",
    AccessView.WEBSITE: "Website",
}
MENU = {
    MenuItem.ASSETS: "Assets",
    MenuItem.AUDIT_LOG: "Audit Logs",
    MenuItem.CONFIG: "Configurations",
    MenuItem.CONNECTIONS: "Connections",
    MenuItem.DAGS: "DAGs",
    MenuItem.DEADLINES: "DAG Runs",
    MenuItem.DOCS: "Documentation",
    MenuItem.PLUGINS: "Plugins",
    MenuItem.POOLS: "Pools",
    MenuItem.PROVIDERS: "Providers",
    MenuItem.REQUIRED_ACTIONS: "HITL Detail",
    MenuItem.VARIABLES: "Variables",
    MenuItem.XCOMS: "XComs",
}
# The provider's logout, on the way from `revoke_token` to `get_url_logout`, which Airflow calls one after the other.
_logout_url: ContextVar[str] = ContextVar("logout_url", default="")


class RuntimeAuthManager(BaseAuthManager[RuntimeUser]):
    """Users and roles come from the identity provider of `[astro_runtime]`, and Airflow keeps none of them.

    What a role may do is what Airflow documents for the FAB provider.
    """

    def serialize_user(self, user: RuntimeUser) -> dict[str, Any]:
        """Return the claims of a JWT for a script of this user."""
        from astro_runtime_plugin.identity.airflow3.tokens import bearer_claims

        return bearer_claims(user)

    def deserialize_user(self, token: dict[str, Any]) -> RuntimeUser:
        """Return the user of a verified JWT. Raises ValueError for an ended session, and TokenError."""
        from astro_runtime_plugin.identity.airflow3 import tokens
        from astro_runtime_plugin.identity.sessions.process import service

        session_id = token.get(tokens.SESSION)
        if session_id is None:
            return tokens.user_of_grant(token)
        session = service().check(session_id).session
        if session is None:
            raise ValueError("the session has ended")
        return RuntimeUser.of_session(session_id, session)

    async def get_user_from_token(self, token: str) -> RuntimeUser:
        """Return the user of a session, of a JWT of the exchange, or of a token of the provider.

        Raises HTTPException, with the reason: Airflow's own errors have none.
        """
        from astro_runtime_plugin.identity.airflow3.tokens import user_of_token

        return await user_of_token(token)

    def generate_jwt(self, user: RuntimeUser, *, expiration_time_in_seconds: int | None = None) -> str:
        """Return a JWT for a script of this user, which lives no longer than what the user logged in with."""
        from astro_runtime_plugin.identity.airflow3.tokens import seconds_left

        signer = self._get_token_signer()
        seconds = signer.valid_for if expiration_time_in_seconds is None else expiration_time_in_seconds
        return str(signer.generate(self.serialize_user(user), valid_for=seconds_left(user, seconds)))

    def revoke_token(self, token: str) -> None:
        """End the session of a browser's cookie; any other JWT of ours is worth nothing from now on."""
        from astro_runtime_plugin.identity.airflow3.logout import revoke

        _logout_url.set(revoke(token, super().revoke_token) or _logout_url.get())

    def get_url_login(self, **_: Any) -> str:
        """Return the path of the login page."""
        from astro_runtime_plugin.identity.airflow3.address import login_path

        return login_path()

    def get_url_logout(self) -> str | None:
        """Return where Airflow's logout leads to: the provider's logout if a session has just ended, or our page."""
        from astro_runtime_plugin.identity.airflow3.address import PREFIX

        url, _ = _logout_url.get(), _logout_url.set("")
        return url or f"{PREFIX}/logout"

    def is_authorized_configuration(
        self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None
    ) -> bool:
        """Whether the user may do this with the configuration."""
        return permissions.allows(user.grant, method, "Configurations")

    def is_authorized_connection(
        self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None
    ) -> bool:
        """Whether the user may do this with connections, of any team."""
        return permissions.allows(user.grant, method, "Connections")

    def is_authorized_dag(
        self,
        *,
        method: ResourceMethod,
        user: RuntimeUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """Whether the user may do this with a DAG or with a part of it; without an id, with some DAG."""
        return allows_dag(user.grant, method, details.id if details else None, access_entity)

    def is_authorized_asset(self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None) -> bool:
        """Whether the user may do this with assets."""
        return permissions.allows(user.grant, method, "Assets")

    def is_authorized_asset_alias(
        self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None
    ) -> bool:
        """Whether the user may do this with asset aliases."""
        return permissions.allows(user.grant, method, "Asset Aliases")

    def is_authorized_pool(self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None) -> bool:
        """Whether the user may do this with pools, of any team."""
        return permissions.allows(user.grant, method, "Pools")

    def is_authorized_variable(
        self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None
    ) -> bool:
        """Whether the user may do this with variables, of any team."""
        return permissions.allows(user.grant, method, "Variables")

    def is_authorized_team(self, *, method: ResourceMethod, user: RuntimeUser, details: Any = None) -> bool:
        """Whether the user belongs to a team: a role is one in every team."""
        return user.grant.role is not None

    def is_authorized_view(self, *, access_view: AccessView, user: RuntimeUser, **_: Any) -> bool:
        """Whether the user may see a read-only view; the documentation is an entry of the menu only."""
        method = "MENU" if access_view is AccessView.DOCS else "GET"
        resource = VIEWS.get(access_view, access_view.value)
        return permissions.allows(user.grant, method, resource)

    def is_authorized_custom_view(self, *, method: str, resource_name: str, user: RuntimeUser) -> bool:
        """Whether the user may see a view of a plugin."""
        return permissions.allows_custom(user.grant, str(method), resource_name)

    def filter_authorized_menu_items(
        self, menu_items: list[MenuItem], *, user: RuntimeUser
    ) -> list[MenuItem]:
        """Return the entries of the menu that the user may see."""
        return [
            item for item in menu_items if permissions.allows(user.grant, "MENU", MENU.get(item, item.value))
        ]

    def batch_is_authorized_dag(
        self, requests: Sequence[IsAuthorizedDagRequest], *, user: RuntimeUser
    ) -> bool:
        """Whether the user may do all of this."""
        return all(
            self.is_authorized_dag(
                method=request["method"],
                access_entity=request.get("access_entity"),
                details=request.get("details"),
                user=user,
            )
            for request in requests
        )

    @provide_session
    def get_authorized_dag_ids(
        self, *, user: RuntimeUser, method: ResourceMethod = "GET", session: Session = NEW_SESSION
    ) -> set[str]:
        """Return the ids of the DAGs with which the user may do this. Teams make no difference."""
        if not allows_dag(user.grant, method, None, None) and not user.grant.dags:
            return set()
        return authorized_ids(user.grant, method, set(session.scalars(select(DagModel.dag_id))))

    def filter_authorized_dag_ids(
        self,
        *,
        dag_ids: set[str],
        user: RuntimeUser,
        method: ResourceMethod = "GET",
        team_name: str | None = None,
    ) -> set[str]:
        """Return those of some DAGs with which the user may do this."""
        return authorized_ids(user.grant, method, dag_ids)

    def filter_authorized_connections(
        self,
        *,
        conn_ids: set[str],
        user: RuntimeUser,
        method: ResourceMethod = "GET",
        team_name: str | None = None,
    ) -> set[str]:
        """Return all of the connections, or none."""
        return set(conn_ids) if self.is_authorized_connection(method=method, user=user) else set()

    def filter_authorized_pools(
        self,
        *,
        pool_names: set[str],
        user: RuntimeUser,
        method: ResourceMethod = "GET",
        team_name: str | None = None,
    ) -> set[str]:
        """Return all of the pools, or none."""
        return set(pool_names) if self.is_authorized_pool(method=method, user=user) else set()

    def filter_authorized_variables(
        self,
        *,
        variable_keys: set[str],
        user: RuntimeUser,
        method: ResourceMethod = "GET",
        team_name: str | None = None,
    ) -> set[str]:
        """Return all of the variables, or none."""
        return set(variable_keys) if self.is_authorized_variable(method=method, user=user) else set()

    def get_fastapi_app(self) -> FastAPI:
        """Return the routes below /auth."""
        from astro_runtime_plugin.identity.airflow3.routes import create_app

        return create_app()

    def get_fastapi_middlewares(self) -> list[tuple[_MiddlewareFactory[Any], dict[str, Any]]]:
        """Return what verifies sessions and the trusted proxy before Airflow's API is asked."""
        from astro_runtime_plugin.identity.airflow3.middleware import IdentityMiddleware

        return [(IdentityMiddleware, {})]

    def _get_teams(self) -> set[str]:
        """Return the teams that only this auth manager knows: none."""
        return set()
