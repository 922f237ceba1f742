"""Who a user is, from claims that anybody may have had a hand in."""

from __future__ import annotations

from typing import Any

import pytest

from astro_runtime_plugin.identity.sessions.user import (
    MAX_NAME,
    NamelessUserError,
    UserIdentity,
    identity_of,
    trusted_claims,
)

ANN = {"sub": "1", "preferred_username": "ann", "email": "ann@example.com", "email_verified": True}


def identify(claims: dict[str, Any], user_claim: str = "", is_proxy: bool = False) -> UserIdentity:
    return identity_of(trusted_claims(claims, is_proxy=is_proxy), user_claim)


def test_names_are_read_in_order() -> None:
    assert identify({**ANN, "given_name": "Ann", "family_name": "Lee"}) == UserIdentity(
        "ann", "1", "ann@example.com", "Ann", "Lee"
    )
    assert identify({**ANN, "preferred_username": None}).name == "ann@example.com"
    assert identify({"sub": "1"}).name == "1"
    assert identify({**ANN, "upn": "ann@corp"}, "upn").name == "ann@corp"


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_email_counts_only_when_verified(verified: Any) -> None:
    claims = {**ANN, "email_verified": verified, "preferred_username": None}
    assert identify(claims) == UserIdentity("1", "1")
    with pytest.raises(NamelessUserError, match="email_verified"):
        identify(claims, "email")


def test_proxy_need_not_say_that_email_is_verified() -> None:
    claims = {"sub": "1", "email": "ann@example.com"}
    assert identify(claims, is_proxy=True).name == "ann@example.com"
    assert identify({**claims, "email_verified": False}, is_proxy=True).name == "1"


@pytest.mark.parametrize(
    "name", ["", " ann", "ann\n", "an\u202en", "x" * (MAX_NAME + 1), 7, ["ann"], {"a": 1}, "a\ud800"]
)
def test_unusable_name_is_refused_and_never_changed(name: Any) -> None:
    with pytest.raises(NamelessUserError, match="upn"):
        identify({**ANN, "upn": name}, "upn")
    assert identify({**ANN, "preferred_username": name}).name == "ann@example.com"


def test_subject_is_needed() -> None:
    with pytest.raises(NamelessUserError, match="sub"):
        identify({"preferred_username": "ann"})
    assert identify({"upn": "ann"}, "upn") == UserIdentity("ann", "ann")


def test_texts_are_one_short_line() -> None:
    user = identify({**ANN, "name": "Ann\r\n<b>" + "x" * 500, "family_name": 7})
    assert user.first_name.startswith("Ann <b>")
    assert len(user.first_name) <= 101
    assert user.last_name == ""
