"""The store in S3, or in a server with its API: boto3, with the connection of the amazon provider's hook.

`S3Hook.load_file` and its like tell OpenLineage's collector of each object; the client of the hook does not.
"""

# ruff: noqa: D102 - LogStore describes the methods

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from io import BufferedIOBase
from typing import Any, BinaryIO, cast

from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.stores.store import (
    UPLOAD_BYTES,
    ChangedError,
    LogStore,
    Patience,
    StoreError,
    store_errors,
)

MISSING = ("404", "NoSuchKey", "NotFound")
EXISTS = ("412", "PreconditionFailed", "409", "ConditionalRequestConflict")
PAST_END = ("416", "InvalidRange")
DELETED_AT_ONCE = 1000  # S3's limit


def open_s3(place: str, conn_id: str, patience: Patience) -> LogStore:
    """Return the store at s3://PLACE. Raises StoreError if boto3 or the connection is missing."""
    bucket, _, prefix = place.partition("/")
    with _store_errors():
        return S3Store(_client(conn_id, patience), bucket, prefix.strip("/"))


def _client(conn_id: str, patience: Patience) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        max_pool_connections=16,
        # Both take time for each chunk. Without a checksum the signature covers the content.
        parameter_validation=False,
        request_checksum_calculation="when_required",
    )
    if conn_id:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        _check_connection(S3Hook, conn_id)
        return S3Hook(aws_conn_id=conn_id, config=config).get_conn()
    import boto3

    return boto3.session.Session().client("s3", config=config)


def _check_connection(hook: Any, conn_id: str) -> None:
    """Raise StoreError if there is no such connection: the hook would go on with whatever credentials boto3 finds."""
    try:
        hook.get_connection(conn_id)
    except Exception as error:
        raise StoreError(f"the connection {conn_id} cannot be read: {type(error).__name__}") from error


class S3Store(LogStore):
    """Objects in a bucket, below a prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        client.meta.events.register("before-send.s3", self._count)
        client.meta.events.register_last("before-call.s3", _send_at_once)

    def _count(self, **_: Any) -> None:
        self.requests += 1

    def put_new(self, key: str, data: bytes) -> bool:
        with _store_errors():
            try:
                self._client.put_object(**self._object(key), Body=data, IfNoneMatch="*")
            except self._client.exceptions.ClientError as error:
                if _code(error) in EXISTS:
                    return False
                raise
        return True

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> None:
        condition = {"IfMatch": replaced.tag} if replaced else {"IfNoneMatch": "*"}
        with _store_errors():
            try:
                self._put(self._object(key), source, condition)
            except self._client.exceptions.ClientError as error:
                raise ChangedError if _code(error) in EXISTS else error from error

    def _put(self, place: dict[str, str], source: BinaryIO, condition: dict[str, str]) -> None:
        """Upload with one request, or in parts, of which one is in memory at a time: boto3's own takes no condition."""
        blocks = _blocks(source)
        first = next(blocks, bytearray())
        if len(first) < UPLOAD_BYTES:
            self._client.put_object(**place, Body=first, **condition)
            return
        upload = {**place, "UploadId": self._client.create_multipart_upload(**place)["UploadId"]}
        try:
            parts = [
                {
                    "PartNumber": number,
                    "ETag": self._client.upload_part(**upload, PartNumber=number, Body=data)["ETag"],
                }
                for number, data in enumerate(itertools.chain((first,), blocks), start=1)
            ]
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **condition)
        except BaseException:
            self._client.abort_multipart_upload(**upload)
            raise

    def list(self, prefix: str) -> list[StoredObject]:
        return [*self.walk(prefix)]

    def walk(self, prefix: str = "") -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2")
        begin = len(self._prefix)
        with _store_errors():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for item in page.get("Contents", ()):
                    modified, tag = item["LastModified"].timestamp(), item.get("ETag", "")
                    yield StoredObject(item["Key"][begin:], item["Size"], modified, tag)

    def read(self, key: str, start: int, end: int) -> bytes:
        if end <= start:
            return b""
        with _store_errors():
            try:
                answer = self._client.get_object(**self._object(key), Range=f"bytes={start}-{end - 1}")
                return bytes(answer["Body"].read())
            except self._client.exceptions.ClientError as error:
                if _code(error) in PAST_END:
                    return b""
                if _code(error) in MISSING:
                    raise FileNotFoundError(key) from None
                raise

    def delete(self, keys: Sequence[str]) -> None:
        left = iter(keys)
        with _store_errors():
            while some := list(itertools.islice(left, DELETED_AT_ONCE)):
                objects = [{"Key": self._prefix + key} for key in some]
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
                )
                for error in answer.get("Errors", ()):
                    raise StoreError(f"DeleteObjects: {error.get('Code')}")

    def size(self, key: str) -> int | None:
        with _store_errors():
            try:
                return int(self._client.head_object(**self._object(key))["ContentLength"])
            except self._client.exceptions.ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    """Have a body sent with the request: to ask first whether the server wants it doubles the time of a chunk."""
    params["headers"].pop("Expect", None)


def _blocks(source: BinaryIO) -> Iterator[bytearray]:
    """Yield what the source has in one and the same buffer; botocore copies bytes, but no bytearray."""
    buffer = bytearray(UPLOAD_BYTES)
    while size := cast("BufferedIOBase", source).readinto(buffer):
        del buffer[size:]
        yield buffer


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _describe(error: Exception) -> str | None:
    """Return the operation and S3's code; None for an error that is no answer of S3's."""
    if not isinstance(getattr(error, "response", None), dict):
        return None
    return f"{getattr(error, 'operation_name', 'S3')}: {_code(error) or type(error).__name__}"


_store_errors = partial(store_errors, _describe)
