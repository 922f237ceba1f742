"""Waits until the metadata database and the broker can be reached, with exponential back-off and jitter."""

from __future__ import annotations

from entrypoint import config_file
from entrypoint.command import BROKER, DATABASE
from entrypoint.defaults import BROKER_URL, DATABASE_URL, EXECUTOR
from entrypoint.endpoints import Endpoint, endpoints
from entrypoint.errors import UNAVAILABLE, StartError, bad_value
from entrypoint.overrides import COMMAND, SECRET, Override, find_override

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from entrypoint.config_file import AirflowCfg

FIRST_PAUSE = 0.1  # seconds; each further pause is twice as long, up to CONNECTION_CHECK_SLEEP_TIME
REMIND_EVERY = 10  # seconds; no pause is longer
CONNECT_TIMEOUT = 3.0  # seconds that one place may take to answer
URLS = {DATABASE: DATABASE_URL, BROKER: BROKER_URL}
# What Airflow uses where the operator has set nothing.
AIRFLOW_URLS = {DATABASE: "sqlite:///{home}/airflow.db", BROKER: "redis://redis:6379/0"}


class RetryPolicy:
    """How long to try: the official image's checks, `count` of them, `pause` seconds apart."""

    __slots__ = ("count", "pause")

    def __init__(self, count: int, pause: float) -> None:
        self.count = count
        self.pause = pause


def retry_policy(environ: Mapping[str, str]) -> RetryPolicy:
    """Read CONNECTION_CHECK_MAX_COUNT (0 = do not wait) and CONNECTION_CHECK_SLEEP_TIME (seconds)."""
    count = _number(environ, "CONNECTION_CHECK_MAX_COUNT", "20", "a whole number of checks, 0 for no wait")
    pause = _number(environ, "CONNECTION_CHECK_SLEEP_TIME", "3", "a number of seconds")
    if count != int(count):
        raise bad_value(
            "CONNECTION_CHECK_MAX_COUNT", environ["CONNECTION_CHECK_MAX_COUNT"], "a whole number of checks"
        )
    return RetryPolicy(int(count), pause)


def _number(environ: Mapping[str, str], variable: str, stock: str, must_be: str) -> float:
    text = environ.get(variable) or stock
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
    """Return when everything in `needs` can be reached; raises StartError (exit code 75) when it gives up."""
    how_long = retry_policy(environ)
    for need in needs if how_long.count else ():
        if need == BROKER and not _celery(environ, cfg):
            continue
        where, url = connection_url(need, environ, cfg)
        if url is None:
            log(f"not waiting for the {need}: only the secrets backend knows it ({where})")
            continue
        places = endpoints(url, where)
        if places:
            _wait_for_any(need, places, how_long, log)


def _celery(environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    """Whether tasks go through Celery, with CeleryExecutor alone or among others."""
    found = find_override((EXECUTOR,), environ, cfg)
    return found is not None and "Celery" in found.text


def connection_url(need: str, environ: Mapping[str, str], cfg: AirflowCfg) -> tuple[str, str | None]:
    """Return where the URL stands and the URL itself; None where only a secrets backend knows it."""
    found = find_override(URLS[need], environ, cfg, sensitive=True)
    if found is None:
        return str(URLS[need][0]), AIRFLOW_URLS[need].format(home=config_file.airflow_home(environ))
    if found.origin == SECRET:
        return found.location, None
    return found.location, _run_url_command(found) if found.origin == COMMAND else found.text


def _run_url_command(found: Override) -> str:
    """Run the command that prints the URL, as Airflow's `run_command` does."""
    import shlex
    import subprocess

    try:
        done = subprocess.run(shlex.split(found.text), capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        raise StartError(
            f"the command in {found.location} ended with exit code {error.returncode}; it must print the URL"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a command line"
        raise StartError(f"the command in {found.location} cannot be run: {reason}") from None
    return done.stdout.decode(errors="ignore")


def _wait_for_any(
    need: str, places: list[Endpoint], how_long: RetryPolicy, log: Callable[[str], None]
) -> None:
    import time

    shown = ", ".join(str(place) for place in places)
    started = said = time.monotonic()
    pause, tries = FIRST_PAUSE, 0
    while (problem := _unreachable(places, CONNECT_TIMEOUT)) is not None:
        tries += 1
        now = time.monotonic()
        if tries >= how_long.count and now - started >= how_long.count * how_long.pause:
            raise StartError(
                f"gave up on the {need} at {shown} after {now - started:.0f} s: {problem}", UNAVAILABLE
            )
        if tries == 1 or now - said >= REMIND_EVERY:
            log(f"waiting for the {need} at {shown}: {problem}")
            said = now
        time.sleep(min(_jittered(pause), how_long.pause, REMIND_EVERY))
        pause = min(pause * 2, how_long.pause)


def _jittered(pause: float) -> float:
    """Spread replicas that start at once over half to one and a half of `pause`."""
    import random

    return pause * random.uniform(0.5, 1.5)  # noqa: S311 - no secret hangs on it


def _unreachable(places: list[Endpoint], timeout: float) -> str | None:
    """Return None when one of `places` takes a connection within `timeout` seconds, else the last error."""
    import socket

    problem = None
    for place in places:
        try:
            if place.port:
                socket.create_connection((place.host, place.port), timeout).close()
            else:
                with socket.socket(socket.AF_UNIX) as unix:
                    unix.settimeout(timeout)
                    unix.connect(place.host)
            return None
        except (OSError, UnicodeError) as error:
            problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return problem
