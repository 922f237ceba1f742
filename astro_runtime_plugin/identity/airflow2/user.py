"""A user as Airflow 2 and FAB's views expect one; its rights are those of its grant, and of no row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from airflow.auth.managers.models.base_user import BaseUser

from astro_runtime_plugin.identity.airflow2.permissions import GrantPermissions
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.user import UserIdentity


class FabRole(NamedTuple):
    """A role as templates and plugins read one; its permissions are those of the user."""

    name: str
    permissions: tuple[object, ...] = ()


@dataclass(frozen=True, eq=False)
class FabUser(BaseUser):
    """The user of a request. `id` is that of the FAB row, which notes name."""

    id: int
    identity: UserIdentity
    grant: Grant

    active = True
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return the id of the FAB row."""
        return str(self.id)

    def get_name(self) -> str:
        """Return the user's name, as the audit log has it."""
        return self.identity.name

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def username(self) -> str:
        """The user's name."""
        return self.identity.name

    @property
    def first_name(self) -> str:
        """The first name; the user's name if the provider gives none, so that the menu shows something."""
        has_name = self.identity.first_name or self.identity.last_name
        return self.identity.first_name if has_name else self.identity.name

    @property
    def last_name(self) -> str:
        """The last name; may be empty."""
        return self.identity.last_name

    @property
    def email(self) -> str:
        """The email; may be empty."""
        return self.identity.email

    @property
    def roles(self) -> list[FabRole]:
        """The role of the grant; none if all its rights are by DAG."""
        return [FabRole(self.grant.role)] if self.grant.role else []

    @cached_property
    def perms(self) -> GrantPermissions:
        """The pairs of action and resource that the user may use."""
        return GrantPermissions(self.grant)

    def __repr__(self) -> str:
        return self.get_full_name()
