"""What is wrong with a store: found by the types and codes of errors, and never with their text."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import MAX_CAUSES, causes, explain
from astro_runtime_plugin.task_logs.stores.store import StoreError

SETTINGS = TaskLogSettings(url="s3://logs/prefix", conn_id="minio")
SECRET = "AKIAsecret"


def error_named(name: str, text: str = SECRET) -> Exception:
    error: Exception = type(name, (Exception,), {})(text)
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (error_named("AirflowNotFoundException"), "the connection minio is unknown"),
        (ImportError(SECRET), "install apache-airflow-providers-amazon"),
        (error_named("NoCredentialsError"), "credentials are missing or wrong"),
        (StoreError("PutObject: InvalidAccessKeyId"), "credentials are missing or wrong"),
        (StoreError("PutObject: AccessDenied"), "credentials do not allow it"),
        (StoreError("PutObject: NoSuchBucket"), "no such bucket"),
        (StoreError("PutObject: 301"), "another region"),
        (error_named("ReadTimeoutError"), "does not answer in time"),
        (error_named("EndpointConnectionError"), "cannot be reached"),
        (StoreError("PutObject: SlowDown"), "busy or failing"),
        (StoreError("NoAccount"), "account or key is missing or malformed"),
        (StoreError("HttpError: 401"), "credentials are missing or wrong"),
        (StoreError("ClientAuthenticationError: AuthenticationFailed"), "credentials are missing or wrong"),
        (StoreError("HttpResponseError: AuthorizationPermissionMismatch"), "credentials do not allow it"),
        (StoreError("ResourceNotFoundError: ContainerNotFound"), "no such bucket"),
        (error_named("FSTimeoutError"), "does not answer in time"),
        (StoreError("HttpError: 429"), "busy or failing"),
        (StoreError("No space left on device"), "No space left on device"),
        (error_named("Surprise"), "Surprise"),
    ],
)
def test_error_is_explained_without_its_text(error: Exception, sentence: str) -> None:
    text = explain(error, "be written", SETTINGS)
    assert text.startswith("cannot be written: ")
    assert sentence in text
    assert SECRET not in text


def test_cause_of_an_error_counts() -> None:
    error = StoreError("NoCredentialsError")
    error.__cause__ = error_named("NoCredentialsError")
    assert "credentials" in explain(error, "be opened", SETTINGS)


def test_causes_end_even_if_they_are_circular() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert len([*causes(one)]) == MAX_CAUSES
