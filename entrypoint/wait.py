"""Waits until the metadata database and the broker accept connections, with exponential back-off and jitter."""

from __future__ import annotations

from entrypoint.capacity import uses_celery
from entrypoint.command import BROKER
from entrypoint.connection_url import connection_url
from entrypoint.defaults import EXECUTOR
from entrypoint.endpoints import Endpoint, endpoints
from entrypoint.errors import UNAVAILABLE, StartError, bad_value
from entrypoint.overrides import find_override

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from entrypoint.config_file import AirflowCfg

INITIAL_PAUSE = 0.1  # seconds; each further pause is twice as long, up to CONNECTION_CHECK_SLEEP_TIME
REMIND_EVERY = 10  # seconds; no pause is longer
CONNECT_TIMEOUT = 3.0  # seconds for an endpoint to accept a connection
COUNT_VARIABLE = "CONNECTION_CHECK_MAX_COUNT"
PAUSE_VARIABLE = "CONNECTION_CHECK_SLEEP_TIME"


class RetryPolicy:
    """How long to try, in the official image's terms: `count` checks, `pause` seconds apart."""

    __slots__ = ("count", "pause")

    def __init__(self, count: int, pause: float) -> None:
        self.count = count
        self.pause = pause


def retry_policy(environ: Mapping[str, str]) -> RetryPolicy:
    """Read CONNECTION_CHECK_MAX_COUNT (0 disables the wait) and CONNECTION_CHECK_SLEEP_TIME (seconds)."""
    count = _number(environ, COUNT_VARIABLE, "20", "a whole number of checks; 0 disables the wait")
    pause = _number(environ, PAUSE_VARIABLE, "3", "a number of seconds")
    if count != int(count):
        raise bad_value(COUNT_VARIABLE, environ[COUNT_VARIABLE], "a whole number of checks")
    return RetryPolicy(int(count), pause)


def _number(environ: Mapping[str, str], variable: str, default: str, must_be: str) -> float:
    text = environ.get(variable) or default
    try:
        value = float(text)
        if not 0 <= value <= 1_000_000:
            raise ValueError
    except ValueError as error:
        raise bad_value(variable, text, must_be) from error
    return value


def wait_for(
    needs: Iterable[str], environ: Mapping[str, str], cfg: AirflowCfg, log: Callable[[str], None]
) -> None:
    """Return as soon as everything in `needs` is reachable. Raises StartError (exit code 75) after giving up."""
    policy = retry_policy(environ)
    for need in needs if policy.count else ():
        if need == BROKER and not _uses_celery(environ, cfg):
            continue
        location, url = connection_url(need, environ, cfg)
        if url is None:
            log(f"not waiting for the {need}: only the secrets backend has its URL ({location})")
            continue
        candidates = endpoints(url, location)
        if candidates:
            _wait_for_any(need, candidates, policy, log)


def _uses_celery(environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    """Whether the operator has set an executor of Celery's; neither line's default is one."""
    override = find_override((EXECUTOR,), environ, cfg)
    return override is not None and uses_celery(override.text)


def _wait_for_any(
    need: str, candidates: list[Endpoint], policy: RetryPolicy, log: Callable[[str], None]
) -> None:
    import time

    addresses = ", ".join(map(str, candidates))
    started = reminded = time.monotonic()
    pause, tries = INITIAL_PAUSE, 0
    while (problem := _connection_error(candidates, CONNECT_TIMEOUT)) is not None:
        tries += 1
        now = time.monotonic()
        if tries >= policy.count and now - started >= policy.count * policy.pause:
            raise StartError(
                f"gave up on the {need} at {addresses} after {now - started:.0f} s: {problem}", UNAVAILABLE
            )
        if tries == 1 or now - reminded >= REMIND_EVERY:
            log(f"waiting for the {need} at {addresses}: {problem}")
            reminded = now
        time.sleep(min(_jittered(pause), policy.pause, REMIND_EVERY))
        pause = min(pause * 2, policy.pause)


def _jittered(pause: float) -> float:
    """Return half to one and a half of `pause`, so that replicas that start together do not try in step."""
    import random

    return pause * random.uniform(0.5, 1.5)  # noqa: S311 - not used for a secret


def _connection_error(candidates: list[Endpoint], timeout: float) -> str | None:
    """Return None if one of `candidates` accepts a connection within `timeout` seconds, else the last error."""
    problem = None
    for endpoint in candidates:
        try:
            _connect(endpoint, timeout)
            return None
        except (OSError, UnicodeError) as error:
            problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return problem


def _connect(endpoint: Endpoint, timeout: float) -> None:
    import socket

    if endpoint.port:
        socket.create_connection((endpoint.host, endpoint.port), timeout).close()
        return
    with socket.socket(socket.AF_UNIX) as unix:
        unix.settimeout(timeout)
        unix.connect(endpoint.host)
