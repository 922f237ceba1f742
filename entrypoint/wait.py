"""Waits until the metadata database and the broker take a login, with exponential back-off and jitter."""

from __future__ import annotations

from entrypoint.capacity import uses_celery
from entrypoint.command import BROKER
from entrypoint.connection_url import connection_url
from entrypoint.defaults import EXECUTOR
from entrypoint.endpoints import Endpoint, address_file, endpoints
from entrypoint.errors import UNAVAILABLE, StartError, bad_value
from entrypoint.overrides import find_override
from entrypoint.probe import probe
from entrypoint.probe_outcomes import LoginRefused, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from entrypoint.broker_settings import BrokerSettings
    from entrypoint.config_file import AirflowCfg

INITIAL_PAUSE = 0.1  # seconds; each further pause is twice as long, up to CONNECTION_CHECK_SLEEP_TIME
REMIND_EVERY = 10  # seconds; no pause is longer
COUNT_VARIABLE = "CONNECTION_CHECK_MAX_COUNT"
PAUSE_VARIABLE = "CONNECTION_CHECK_SLEEP_TIME"


class RetryPolicy:
    """How long to try, in the official image's terms: `count` checks, `pause` seconds apart."""

    __slots__ = ("count", "pause")

    def __init__(self, count: int, pause: float) -> None:
        self.count = count
        self.pause = pause


def retry_policy(environ: Mapping[str, str]) -> RetryPolicy:
    """Read CONNECTION_CHECK_MAX_COUNT and CONNECTION_CHECK_SLEEP_TIME (seconds).

    A count of 0 or less disables the wait, as in the official image.
    """
    count = _number(
        environ, COUNT_VARIABLE, "20", "a whole number of checks; 0 disables the wait", -1_000_000
    )
    pause = _number(environ, PAUSE_VARIABLE, "3", "a number of seconds", 0)
    if count != int(count):
        raise bad_value(COUNT_VARIABLE, environ[COUNT_VARIABLE], "a whole number of checks")
    return RetryPolicy(max(0, int(count)), pause)


def _number(environ: Mapping[str, str], variable: str, default: str, must_be: str, minimum: float) -> float:
    text = environ.get(variable, "").strip() or default
    try:
        value = float(text)
        if not minimum <= value <= 1_000_000:
            raise ValueError
    except ValueError as error:
        raise bad_value(variable, text, must_be) from error
    return value


def wait_for(
    needs: Iterable[str], environ: Mapping[str, str], cfg: AirflowCfg, log: Callable[[str], None]
) -> None:
    """Return as soon as everything in `needs` takes a login. Raises StartError (exit code 75) after giving up."""
    policy = retry_policy(environ)
    for need in needs if policy.count else ():
        if need != BROKER:
            location, url = connection_url(need, environ, cfg)
            _wait_for(need, location, url, None, environ, policy, log)
        elif _uses_celery(environ, cfg):
            from entrypoint.broker_settings import read_broker_settings

            for settings in read_broker_settings(environ, cfg):
                _wait_for(need, settings.location, settings.url, settings, environ, policy, log)


def _uses_celery(environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    """Whether the operator has set an executor of Celery's; neither line's default is one."""
    override = find_override((EXECUTOR,), environ, cfg)
    return override is not None and uses_celery(override.text)


def _wait_for(
    need: str,
    location: str,
    url: str | None,
    settings: BrokerSettings | None,
    environ: Mapping[str, str],
    policy: RetryPolicy,
    log: Callable[[str], None],
) -> None:
    if url is None:
        holder = settings.holder if settings else "the secrets backend"
        log(f"not waiting for the {need}: only {holder} has its URL ({location})")
    elif option := address_file(url, environ):
        log(
            f"not waiting for the {need}: only the driver reads the file with its address ({option}; {location})"
        )
    elif candidates := endpoints(url, location, environ):
        try:
            _wait_for_any(need, candidates, settings, policy, log)
        except LoginRefused as refusal:
            addresses = ", ".join(map(str, candidates))
            log(f"the {need} at {addresses} refuses the login in {location}: {refusal}; the start goes on")


def _wait_for_any(
    need: str,
    candidates: list[Endpoint],
    settings: BrokerSettings | None,
    policy: RetryPolicy,
    log: Callable[[str], None],
) -> None:
    """Raises LoginRefused if a server is up, but the login in the URL is refused."""
    import time

    addresses = ", ".join(dict.fromkeys(map(str, candidates)))
    started = reminded = time.monotonic()
    pause, tries = INITIAL_PAUSE, 0
    while (problem := _problem(candidates, settings)) is not None:
        tries += 1
        now = time.monotonic()
        if now - started >= policy.count * policy.pause and (policy.pause or tries >= policy.count):
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


def _problem(candidates: list[Endpoint], settings: BrokerSettings | None) -> str | None:
    """Return None if one of `candidates` takes a login, else why the last one does not."""
    problem = None
    for endpoint in candidates:
        try:
            probe(endpoint, settings)
            return None
        except NotReady as state:
            problem = str(state)
        except OSError as error:
            problem = error.strerror or str(error) or type(error).__name__
    return problem
