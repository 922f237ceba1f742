"""Logout by the provider: at once where it arrives, within seconds elsewhere."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.tokens.verification import TokenError
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import (
    AuditTableDouble,
    identity_service,
    identity_settings,
    log_in,
    tick,
)
from testing.identity.signing import SigningKey


def reason(service: IdentityService, session_id: str) -> EndReason | None:
    return service.check(session_id).end_reason


def test_one_session_is_ended_by_sid(
    service: IdentityService, other: IdentityService, provider: ProviderDouble
) -> None:
    provider.claims["sid"] = "first"
    first = log_in(service)
    provider.claims["sid"] = "FIRST"
    second = log_in(other)
    assert other.check(first.id).session
    service.end_by_logout_token(provider.logout_token(sid="first"))
    assert reason(service, first.id) is EndReason.PROVIDER
    tick(other)
    assert reason(other, first.id) is EndReason.PROVIDER
    assert reason(other, second.id) is None


def test_all_sessions_are_ended_by_subject(
    service: IdentityService, provider: ProviderDouble, audit_table: AuditTableDouble
) -> None:
    mine = [log_in(service), log_in(service)]
    provider.claims["sub"] = "ANN"
    theirs = log_in(service)
    service.end_by_logout_token(provider.logout_token(sub="ann"))
    assert [reason(service, session.id) for session in mine] == [EndReason.PROVIDER] * 2
    assert reason(service, theirs.id) is None
    service.parts.audit_log.flush()
    assert audit_table.events()[-1] == ("identity_logout", "the provider logged the user out: 2 sessions")


def test_subject_and_sid_must_both_fit(service: IdentityService, provider: ProviderDouble) -> None:
    provider.claims["sid"] = "s"
    session = log_in(service)
    service.end_by_logout_token(provider.logout_token(sub="bob", sid="s"))
    assert reason(service, session.id) is None
    service.end_by_logout_token(provider.logout_token(sub="ann", sid="s"))
    assert reason(service, session.id) is EndReason.PROVIDER


def test_logout_token_is_refused(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    session = log_in(service)
    token = provider.logout_token(sub="bob")
    service.end_by_logout_token(token)
    foreign = SigningKey().sign({"sub": "ann"})
    for process in (service, other):
        for bad in (token, provider.id_token(), provider.bearer_token(), foreign, "", "a.b.c"):
            with pytest.raises(TokenError):
                process.end_by_logout_token(bad)
    assert reason(service, session.id) is None


def test_new_keys_are_read_for_logout_token(service: IdentityService, provider: ProviderDouble) -> None:
    session = log_in(service)
    provider.signing = SigningKey(key_id="key-2")
    service.end_by_logout_token(provider.logout_token(sub="ann"))
    assert reason(service, session.id) is EndReason.PROVIDER


def test_keys_that_come_during_the_verification_count(
    service: IdentityService, provider: ProviderDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread has read them just now, so that nobody reads them again."""
    session = log_in(service)
    provider.signing = SigningKey(key_id="key-2")

    def come_late(seconds: float = 5.0) -> bool:
        provider.publish(provider.signing)
        return False

    monkeypatch.setattr(provider, "renew_and_wait", come_late)
    service.end_by_logout_token(provider.logout_token(sub="ann"))
    assert reason(service, session.id) is EndReason.PROVIDER


def test_access_tokens_from_before_are_void_everywhere(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    tokens = [provider.bearer_token(sid=sid) for sid in ("first", "second")]
    for process in (service, other):
        assert all(process.bearer(token).user.name == "ann" for token in tokens)
    service.end_by_logout_token(provider.logout_token(sub="ann", sid="first"))
    tick(other)
    for process in (service, other):
        with pytest.raises(TokenError, match="logged the user out"):
            process.bearer(tokens[0])
        assert process.bearer(tokens[1])
    other.end_by_logout_token(provider.logout_token(sub="ann"))
    tick(service)
    for process in (service, other):
        with pytest.raises(TokenError, match="logged the user out"):
            process.exchange(tokens[1])
    clock.advance(1)
    assert service.bearer(provider.bearer_token(sid="third"))
    assert service.bearer(provider.bearer_token(sub="bob", sid="fourth"))


@pytest.mark.parametrize(("subject", "is_void"), [("ann", True), (None, False), ("bob", False)])
def test_token_without_sid_is_void_after_a_logout_of_its_subjects_session(
    service: IdentityService,
    other: IdentityService,
    provider: ProviderDouble,
    clock: MovingClock,
    subject: str | None,
    is_void: bool,
) -> None:
    token = provider.bearer_token()
    origin = service.exchange(token).origin
    service.end_by_logout_token(provider.logout_token(sub=subject, sid="first"))
    tick(other)
    outcome = pytest.raises(TokenError, match="logged the user out") if is_void else nullcontext()
    for process in (service, other):
        with outcome:
            process.bearer(token)
        with outcome:
            process.check_origin(origin)
    clock.advance(1)
    assert service.bearer(provider.bearer_token())


def test_what_was_exchanged_ends_with_its_token(
    service: IdentityService, other: IdentityService, provider: ProviderDouble
) -> None:
    origins = [service.exchange(provider.bearer_token(sid=sid)).origin for sid in ("first", "second")]
    for process in (service, other):
        process.check_origin(origins[0])
    service.end_by_logout_token(provider.logout_token(sub="ann", sid="first"))
    tick(other)
    for process in (service, other):
        with pytest.raises(TokenError, match="logged the user out"):
            process.check_origin(origins[0])
        process.check_origin(origins[1])


@pytest.mark.parametrize(
    "settings", [{"roles": '{"claim": "groups", "Op": ["viewers"]}'}, {"client_id": "another"}]
)
def test_what_was_exchanged_ends_with_its_rules(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, settings: dict[str, str]
) -> None:
    origin = service.exchange(provider.bearer_token()).origin
    identity_service(provider, clock).check_origin(origin)
    changed = identity_service(provider, clock, identity_settings(**settings))
    with pytest.raises(TokenError, match="the rules have changed"):
        changed.check_origin(origin)
    for text in ("", "[]", "{}", '["a", "b", "c"]'):
        with pytest.raises(ValueError, match="no origin"):
            service.check_origin(text)


def test_new_process_knows_earlier_logouts(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    token = provider.bearer_token()
    for _ in range(2):
        service.end_by_logout_token(provider.logout_token(sub="ann"))
    clock.advance(200)
    new = identity_service(provider, clock)
    tick(new)
    with pytest.raises(TokenError, match="logged the user out"):
        new.bearer(token)
