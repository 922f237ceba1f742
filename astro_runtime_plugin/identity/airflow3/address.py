"""The address under which browsers know this site, and the cookie with a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from urllib.parse import quote, urlsplit

from airflow.api_fastapi.app import API_ROOT_PATH
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.configuration import conf
from starlette.requests import Request
from starlette.responses import Response

from astro_runtime_plugin.identity.requests import is_cross_site

ROOT = API_ROOT_PATH.rstrip("/")  # the path prefix of `[api] base_url`, without a slash at its end
PREFIX = f"{ROOT}/auth"  # Airflow mounts the routes of an auth manager here
CALLBACK = f"{PREFIX}/oidc-callback"
ENDED = f"{PREFIX}/ended"
SESSION_COOKIE = COOKIE_NAME_JWT_TOKEN
COOKIE_PATH = API_ROOT_PATH or "/"


# The address of this site, for Airflow's logout, which does not know the request.
SITE: ContextVar[str] = ContextVar("site", default="")


def site_url(request: Request) -> str:
    """Return `[api] base_url` without a slash at its end; where it is not set, what the request was sent to."""
    configured = conf.get("api", "base_url", fallback="").strip().rstrip("/")
    if urlsplit(configured).netloc:
        return str(configured)
    return f"{request.url.scheme}://{request.url.netloc}{ROOT}"


def login_path(next_path: str = "") -> str:
    """Return the path of the login, which leads back to a page."""
    return f"{PREFIX}/login" + (f"?next={quote(next_path, safe='/')}" if next_path else "")


def is_secure(request: Request) -> bool:
    """Whether browsers reach this site by TLS only, so that cookies may be marked as Secure."""
    is_tls = request.url.scheme == "https" or site_url(request).startswith("https:")
    return is_tls or bool(conf.get("api", "ssl_cert", fallback=""))


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Have the browser keep a session until it is closed."""
    if COOKIE_PATH != "/":  # an older Airflow, or another one of this host, may have left one there
        _delete_cookie(request, response, "/")
    response.set_cookie(
        SESSION_COOKIE, token, path=COOKIE_PATH, httponly=True, secure=is_secure(request), samesite="lax"
    )


def delete_cookie(request: Request, response: Response) -> None:
    """Have the browser forget its session."""
    for path in {COOKIE_PATH, "/"}:
        _delete_cookie(request, response, path)


def _delete_cookie(request: Request, response: Response, path: str) -> None:
    response.delete_cookie(
        SESSION_COOKIE, path=path, httponly=True, secure=is_secure(request), samesite="lax"
    )


def cookie_values(header: str) -> Iterator[str]:
    """Yield the sessions in a Cookie header; a browser may send one for this path and one for `/`."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE and value:
            yield value.strip('"')


def without_session(header: str) -> str:
    """Return a Cookie header without sessions."""
    parts = (part.strip() for part in header.split(";"))
    return "; ".join(part for part in parts if part.partition("=")[0] != SESSION_COOKIE)


def is_from_other_site(request: Request) -> bool:
    """Whether a page of another site has sent the browser here, by a link, too."""
    hosts = {urlsplit(site_url(request)).netloc, request.headers.get("host", "")}
    return is_cross_site("POST", request.headers, hosts)
