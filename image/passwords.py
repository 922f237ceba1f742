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
QUERY = re.compile(r"(:/{1,2}[^\s?#`'\"]+\?)[^\s#`'\")]+")
MASK = "****"
SHORTEST_SECRET = 6  # characters; masking shorter values, such as versions, would make messages unreadable

VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
# A password after a user, or a token in place of a user. A short name without a password, as in git@, is neither.
LITERAL = re.compile(
    r"(?:https?|ftps?|ssh)://(?:[^\s/@:]*:[^\s/@]+|[^\s/@:]{16,})@"
    r"|[?&](?:[\w-]*(?:token|password|passwd|secret|signature|apikey|api_key|auth))=[^\s&#]+",
    re.IGNORECASE,
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without credentials and queries of URLs, and without the values of `secrets`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return QUERY.sub(rf"\1{MASK}", CREDENTIALS.sub(rf"\1{MASK}@", text))


def has_password(text: str) -> bool:
    """Whether the text holds a password or a token itself, rather than variables such as ${TOKEN}."""
    return bool(LITERAL.search(VARIABLE.sub("", text)))


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
