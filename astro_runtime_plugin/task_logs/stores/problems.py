"""What is wrong with a store, in a sentence without secrets: from the types and codes of an error, never its text."""

from __future__ import annotations

from collections.abc import Iterator

from astro_runtime_plugin.options.text import single_line
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import StoreError

MAX_CAUSES = 10
PACKAGES = {
    "s3": "apache-airflow-providers-amazon",
    "gs": "apache-airflow-providers-google, gcsfs",
    "abfs": "apache-airflow-providers-microsoft-azure, adlfs",
    "abfss": "apache-airflow-providers-microsoft-azure, adlfs",
}
# The first row with a name of the error, of its causes, or a code in their texts says what is wrong.
SENTENCES: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"AirflowNotFoundException"}),
        "the connection {conn_id} is unknown; see [astro_runtime] task_logs_conn_id",
    ),
    (
        frozenset({"NoAccount"}),
        "its account or key is missing or malformed; see [astro_runtime] task_logs_conn_id",
    ),
    (
        frozenset({"ModuleNotFoundError", "ImportError", "AirflowOptionalProviderFeatureException"}),
        "a library is missing; install {package}",
    ),
    (
        frozenset(
            "NoCredentialsError PartialCredentialsError CredentialRetrievalError TokenRetrievalError ProfileNotFound"
            " DefaultCredentialsError RefreshError ClientAuthenticationError InvalidAccessKeyId SignatureDoesNotMatch"
            " ExpiredToken ExpiredTokenException InvalidToken UnrecognizedClientException"
            " AuthenticationFailed 401".split()
        ),
        "its credentials are missing or wrong",
    ),
    (
        frozenset(
            "AccessDenied AllAccessDisabled PermissionError Forbidden AuthorizationFailure"
            " AuthorizationPermissionMismatch InsufficientAccountPermissions 403".split()
        ),
        "its credentials do not allow it",
    ),
    (
        frozenset({"NoSuchBucket", "ResourceNotFoundError", "ContainerNotFound", "FileNotFoundError", "404"}),
        "there is no such bucket, container or folder",
    ),
    (
        frozenset(
            {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
        ),
        "the bucket is in another region",
    ),
    (
        frozenset(
            "ReadTimeoutError ReadTimeout TimeoutError FSTimeoutError ServerTimeoutError"
            " ServiceResponseTimeoutError".split()
        ),
        "it does not answer in time",
    ),
    (
        frozenset(
            "EndpointConnectionError ConnectTimeoutError ConnectionClosedError ConnectionError ConnectionRefusedError"
            " ProxyConnectionError SSLError ClientConnectorError ServiceRequestError gaierror"
            " NewConnectionError ServiceResponseError ServerDisconnectedError".split()
        ),
        "it cannot be reached",
    ),
    (
        frozenset({"SlowDown", "ServiceUnavailable", "ServerBusy", "InternalError", "429", "500", "503"}),
        "it is busy or failing",
    ),
)


def explain(error: BaseException, step: str, settings: TaskLogSettings) -> str:
    """Return what is wrong, as in `cannot be written: there is no such bucket`; `step` is what could not be done."""
    names = {name for cause in causes(error) for name in _names(cause)}
    sentence = next((sentence for signs, sentence in SENTENCES if signs & names), _fallback(error))
    package = PACKAGES.get(settings.url.partition(":")[0], "the provider")
    text = sentence.replace("{conn_id}", settings.conn_id).replace("{package}", package)
    return single_line(f"cannot {step}: {text}")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and the errors that led to it, MAX_CAUSES at most."""
    for _ in range(MAX_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _names(error: BaseException) -> Iterator[str]:
    yield type(error).__name__
    if isinstance(error, StoreError):  # `PutObject: AccessDenied`
        yield str(error).rpartition(": ")[2]


def _fallback(error: BaseException) -> str:
    return str(error) if isinstance(error, StoreError) else type(error).__name__
