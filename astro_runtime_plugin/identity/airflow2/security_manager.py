"""FAB's security manager with the identity provider in place of FAB's own logins, users and roles."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from airflow.providers.fab.auth_manager.models.anonymous_user import AnonymousUser
from airflow.providers.fab.auth_manager.security_manager import override
from airflow.security.permissions import ACTION_CAN_ACCESS_MENU
from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask import g
from flask_appbuilder import const
from flask_wtf.csrf import CSRFError

from astro_runtime_plugin.identity.airflow2.answers import csrf_failure, denied, redirect_to_json
from astro_runtime_plugin.identity.airflow2.api_backend import ApiBackend
from astro_runtime_plugin.identity.airflow2.login_manager import RuntimeLoginManager
from astro_runtime_plugin.identity.airflow2.peer_address import PeerAddress
from astro_runtime_plugin.identity.airflow2.views import RuntimeAuthView
from astro_runtime_plugin.identity.settings import IdentitySettings


class RuntimeSecurityManager(override.FabAirflowSecurityManagerOverride):  # type: ignore[misc]
    """Has no lists of users and roles in the menu: what they would show gives nobody any right."""

    def __init__(self, appbuilder: Any, settings: IdentitySettings) -> None:
        self._settings = settings
        super().__init__(appbuilder)
        app = appbuilder.get_app
        app.api_auth = [ApiBackend(getattr(app, "api_auth", ()))]
        app.wsgi_app = PeerAddress(app.wsgi_app)
        app.after_request(redirect_to_json)
        app.register_error_handler(CSRFError, csrf_failure)

    def create_login_manager(self) -> RuntimeLoginManager:
        """Return the part of Flask-Login that loads the user of a request."""
        manager = RuntimeLoginManager(self._settings)
        manager.init_app(self.appbuilder.app)
        manager.anonymous_user = AnonymousUser
        manager.login_view = f"{RuntimeAuthView.__name__}.login"
        return manager

    def create_db(self) -> None:
        """Create FAB's tables and roles, without the warning that there are no users yet."""
        override.log.addFilter(is_needed)
        try:
            super().create_db()
        finally:
            override.log.removeFilter(is_needed)

    def register_views(self) -> None:
        """Add the login, the callback, the logout and what belongs to them."""
        view = RuntimeAuthView(self._settings)
        self.auth_view = self.appbuilder.add_view_no_menu(view)
        csrf = self.appbuilder.get_app.extensions.get("csrf")
        if csrf:  # commands build an application without it
            csrf.exempt(view.backchannel_logout)  # programs call these two, with a proof of their own
            csrf.exempt(view.token)

    def before_request(self) -> Any:  # type: ignore[override]
        """Note the user for FAB, and answer a request whose session has ended."""
        g.user = get_auth_manager().get_user()
        return denied(self.auth_view.endpoint)

    def load_user(self, user_id: Any) -> None:
        """Return nobody: the id of a row is no proof of a login."""
        return

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> None:
        """Return nobody: FAB's own tokens are not issued here."""
        return

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Return those of the menus that the user may see."""
        is_authorized = partial(self.has_access, ACTION_CAN_ACCESS_MENU)
        return {name for name in menu_names or () if is_authorized(name)}

    def create_admin_standalone(self) -> tuple[str | None, str | None]:
        """Create nobody: `airflow standalone` would print a password that logs nobody in."""
        return None, None


def is_needed(record: logging.LogRecord) -> bool:
    """Whether a line of FAB's log is worth reading."""
    return bool(record.msg != const.LOGMSG_WAR_SEC_NO_USER)
