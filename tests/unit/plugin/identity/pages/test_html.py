"""Tests of identity/pages/html.py: everything is escaped, and the policy allows the style and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from astro_runtime_plugin.identity.pages import html
from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.refusal import Refusal, SeenClaim
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.sessions.user import UserIdentity

EVIL = "\"'><script>alert(1)</script>"
USER = UserIdentity(EVIL, EVIL)
FORM = html.Form(EVIL, {EVIL: EVIL})
REFUSAL = Refusal(USER, (SeenClaim(EVIL, (EVIL,)), SeenClaim(EVIL)), (EVIL,), EVIL, EVIL)
PAGES = {
    "refusal": html.refusal_page(REFUSAL, EVIL),
    "ended": html.ended_page(EndReason.ROLES, EVIL, FORM),
    "failure": html.failure_page(LoginError("away", EVIL), EVIL, FORM),
    "logout": html.logout_page(FORM, EVIL),
    "message": html.message_page(EVIL, EVIL),
}


@pytest.mark.parametrize("name", PAGES)
def test_everything_is_escaped(name: str) -> None:
    assert "<script" not in PAGES[name]
    assert "&lt;script&gt;" in PAGES[name]
    assert EVIL[:3] not in PAGES[name]


@pytest.mark.parametrize("name", PAGES)
def test_policy_allows_the_style_of_the_page(name: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", PAGES[name], re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in html.page_headers()["Content-Security-Policy"]
    assert " style=" not in PAGES[name]
    assert " on" not in re.sub(r">[^<]*<", "><", PAGES[name])  # no onclick and the like


def test_refusal_names_user_claims_and_rules() -> None:
    claims = (SeenClaim("groups", ("staff", "cooks")), SeenClaim("roles", ()), SeenClaim("email"))
    page = html.refusal_page(Refusal(UserIdentity("nora", "1"), claims, ("Admin: groups = admins",)), "")
    for text in ("nora", "staff, cooks", "no value", "other claims: email.", "Admin: groups = admins"):
        assert text in page
    assert "Log out at" not in page
    assert "Try again" not in page


def test_admin_form_is_there_only_where_asked_for() -> None:
    assert "<form" not in html.ended_page(None, "/login")
    assert 'name="admin_token"' in html.ended_page(None, "/login", html.Form("/admin", {}))
