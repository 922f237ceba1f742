"""Whether the rules can be read, and whom they let in."""

from __future__ import annotations

from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.roles.rules import RulesError
from astro_runtime_plugin.identity.roles.source import RulesSource, is_document
from astro_runtime_plugin.identity.settings import IdentitySettings
from entrypoint.errors import StartError

RULES = "rules"


def check_document(settings: IdentitySettings) -> None:
    """Raise StartError for rules in the setting itself that cannot be used. Reads no file."""
    if is_document(settings.roles):
        load_rules(settings)


def load_rules(settings: IdentitySettings) -> RoleRules:
    """Return the rules. Raises StartError if they cannot be used."""
    try:
        return RulesSource(settings.roles).current()
    except RulesError as error:
        raise StartError(f"[astro_runtime] oidc_roles: {error}") from error


def rules_finding(settings: IdentitySettings) -> Finding:
    """Return whether the rules can be used."""
    try:
        rules = load_rules(settings)
    except StartError as error:
        return Finding(RULES, "wrong", str(error))
    return Finding(RULES, "ok", "; ".join(rules.describe()))
