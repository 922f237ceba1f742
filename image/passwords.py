"""Passwords and tokens in lists: where they stand, and how they are masked in messages."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from image.dependency_files import raise_problems, read_lines, run_and_exit

# User and password in a URL: up to its last @ if a colon separates them, otherwise up to the end of its host.
CREDENTIALS = re.compile(r"(:/{1,2})(?:[^\s/@:]*:\S*|[^\s/@]*)@")
# What follows a question mark in a URL, up to its fragment.
QUERY = re.compile(r"(:/{1,2}(?:(?!:/)[^\s?#`'\"])+\?)[^\s#`'\")]+")
WORD = re.compile(r"\S+")
MASK = "****"
SHORTEST_SECRET = 6  # characters; masking shorter values, such as versions, would make messages unreadable

VARIABLE, PLACEHOLDER = re.compile(r"\$\{[A-Z0-9_]+\}"), "\0"
# User and password of a URL; the path of a file may begin with a name and an @.
LOGIN = re.compile(r"(?<!file):/{1,2}([^\s/?#]*)@")
# A password with a slash, which is not encoded: what follows the colon is no port, and an @ comes later.
UNENCODED_LOGIN = re.compile(r"(?<!file)(?<!ssh):/{1,2}[^\s/@:\[]*:(?![\d\0]*[/?#])[^\s/?#@]*[/?#]\S*@")
# Users whose name is the same for everybody: of repositories, and of indexes that ask a keyring for the password.
PUBLIC_USERS = {"git", "hg", "svn", "oauth2accesstoken", "VssSessionToken", "aws"}
QUERY_VALUE = re.compile(r"[?&]([^\s=&#?]+)=([^\s&#]*)")
SECRET_NAME = re.compile(
    r"(?:token|pass|password|passwd|passphrase|pwd|secret|sig|signature|credentials?|auth|authorization|jwt|session"
    r"|key|key[-_]?id|code)$",
    re.IGNORECASE,
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without credentials and queries of URLs, and without the values of `secrets`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return QUERY.sub(rf"\1{MASK}", WORD.sub(_mask_credentials, text))


def _mask_credentials(match: re.Match[str]) -> str:
    """Return the word without credentials, in linear time: nothing is sought behind its last @."""
    head, at, tail = match[0].rpartition("@")
    return CREDENTIALS.sub(rf"\1{MASK}@", head + at) + tail


def has_password(text: str) -> bool:
    """Whether a URL in the text holds a password or a token itself, rather than variables such as ${TOKEN}.

    A user without a password may be a token, unless everybody knows it, as in git@.
    """
    text = VARIABLE.sub(PLACEHOLDER, text)
    if any(map(_is_secret_login, LOGIN.findall(text))) or UNENCODED_LOGIN.search(text):
        return True
    return any(SECRET_NAME.search(name) and _is_literal(value) for name, value in QUERY_VALUE.findall(text))


def _is_secret_login(login: str) -> bool:
    user, _, password = login.partition(":")
    if password:  # then the user is only a name
        return _is_literal(password)
    return _is_literal(user) and user not in PUBLIC_USERS


def _is_literal(value: str) -> bool:
    """Whether the value is more than variables."""
    return bool(value.strip(PLACEHOLDER))


def refuse_passwords(path: Path) -> None:
    """Raise DependencyFileError for each line of a file in a layer of the image that holds a password."""
    raise_problems(
        [
            f"{path}:{number}: this line has a password, which would stay in a layer of the image;"
            f" pass the file with --secret id={path.name},src={path.name}, and list it in .dockerignore"
            for number, line in enumerate(read_lines(path), 1)
            if has_password(line)
        ]
    )


if __name__ == "__main__":
    run_and_exit(lambda: refuse_passwords(Path(sys.argv[1])))
