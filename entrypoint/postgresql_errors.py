"""What an error of PostgreSQL, or of a pooler before it, means for a start: wait, or go on."""

from __future__ import annotations

from entrypoint.probe_outcomes import LoginRefused, NoProbe, NotReady

# By SQLSTATE, or its class. Source: appendix A of PostgreSQL's documentation.
NOT_READY = {
    "57P01": "it is shutting down",
    "57P02": "it restarts after a crash",
    "57P03": "it is starting up, shutting down or recovering",
    "53": "it has no connection or memory left",
    "58": "it has an error of its system",
    "08": "the pooler has no connection to its server",
}
REFUSED = {
    "28P01": "wrong password",
    "28000": "the user, the host or the missing TLS is not allowed",
    "3D000": "there is no such database",
    "08P01": "the pooler does not take this user, password or database",
}
# What PgBouncer reports as a protocol violation (08P01), although waiting does not change it; in lower case.
REFUSED_BY_POOLER = (
    b"no such database",
    b"no such user",
    b"does not exist",
    b"auth failed",
    b"authentication failed",
    b"not allowed",
    b"unsupported",
    b"ssl required",
    b"login rejected",
    b"config error",
)


def outcome(body: bytes) -> Exception:
    """Return the outcome for the body of an ErrorResponse. Nothing of its text is quoted: it may contain secrets."""
    fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
    code = fields.get(b"C", b"").decode("ascii", "replace")
    if len(code) != 5 or not (code.isascii() and code.isalnum()):
        return NoProbe("not PostgreSQL")
    reason = NOT_READY.get(code) or NOT_READY.get(code[:2])
    text = fields.get(b"M", b"").lower()
    if reason and not (code == "08P01" and any(words in text for words in REFUSED_BY_POOLER)):
        return NotReady(f"{reason} (SQLSTATE {code})")
    return LoginRefused(f"{REFUSED.get(code, 'an error')} (SQLSTATE {code})")
