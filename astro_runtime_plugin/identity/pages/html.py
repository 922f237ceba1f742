"""Renders the pages of login, refusal and ended sessions as HTML; every value in them is escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.refusal import Refusal
from astro_runtime_plugin.identity.sessions.session import EndReason

ADMIN_FIELD = "admin_token"  # the field of the form with a token of `astro-runtime admin-token`
FAILURES = {
    "away": "Your identity provider does not answer",
    "database": "Airflow's database does not answer",
    "admin-token": "The admin token was not accepted",
}
FAILURE = "The login did not succeed"


@dataclass(frozen=True)
class Form:
    """Where a form is sent (POST), and hidden fields, such as a token against cross-site requests."""

    action: str
    fields: Mapping[str, str]


def ended_page(reason: EndReason | None, login_url: str, admin_form: Form | None = None) -> str:
    """Return the page of a session that has ended; without a reason it only offers a login."""
    text = reason.text if reason else "You are not logged in."
    return _render("ended.html", text=text, login_url=login_url, admin_form=admin_form)


def failure_page(error: LoginError, login_url: str, admin_form: Form | None = None) -> str:
    """Return the page of a login that failed."""
    title = FAILURES.get(error.code, FAILURE)
    return _render("failure.html", title=title, text=str(error), login_url=login_url, admin_form=admin_form)


def refusal_page(refusal: Refusal, login_url: str) -> str:
    """Return the page of a user whom no rule matches: who it is, which claims were seen, which rules there are."""
    return _render("refusal.html", refusal=refusal, login_url=login_url)


def logout_page(form: Form, home_url: str) -> str:
    """Return the page that asks before it logs out: another site has sent the browser here."""
    return _render("logout.html", form=form, home_url=home_url)


def message_page(title: str, text: str) -> str:
    """Return a page with one message."""
    return _render("message.html", title=title, text=text)


@cache
def page_headers() -> dict[str, str]:
    """Return the headers of every page: no cache stores it, no site frames it, and no injected script would run."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    ours = "script-src 'self'; connect-src 'self'; img-src 'self'"
    policy = f"default-src 'none'; style-src 'self' 'sha256-{digest}'; {ours}; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(style=_style(), admin_token=ADMIN_FIELD, **values)


@cache
def _environment() -> Environment:
    loader = PackageLoader("astro_runtime_plugin.identity.pages")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _style() -> str:
    """Return the style as it stands in the page, byte for byte: its digest allows it."""
    return _environment().get_template("style.css").render()
