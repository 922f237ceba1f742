"""A real S3 server, SeaweedFS, for a test: on loopback ports and in a temporary folder, with one bucket."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from astro_runtime_plugin.task_logs.stores.s3 import S3Store
from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.servers import free_port
from testing.waiting import retry

BUCKET = "logs"
ACCESS_KEY, SECRET_KEY = "access-of-tests", "secret-of-tests"
READ_ONLY_KEY, READ_ONLY_SECRET = "reader-of-tests", "secret-of-reader"
PARTS = ("master", "volume", "filer", "s3")


class S3Server:
    """SeaweedFS as S3; `stop` kills it, and `start` starts it again with its objects."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = {part: free_port() for part in PARTS}
        self.grpc_ports = {part: free_port() for part in PARTS}
        self.url = f"http://127.0.0.1:{self.ports['s3']}"
        self._process: subprocess.Popen[bytes] | None = None
        (home / "data").mkdir()
        (home / "s3.json").write_text(json.dumps({"identities": _identities()}))

    def environ(self, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY) -> dict[str, str]:
        """Return the variables by which boto3 finds the server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:
        """Return a boto3 client that may do anything."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(connect_timeout=5, read_timeout=120, retries={"total_max_attempts": 1}),
        )

    def store(self, url: str) -> LogStore:
        """Return the store of task logs at s3://BUCKET/PREFIX in this server."""
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        return S3Store(self.client(), bucket, prefix)

    def start(self) -> None:
        """Start the server, and wait until the bucket can be written."""
        with open(self.home / "log", "ab") as log:
            self._process = subprocess.Popen(self._words(), cwd=self.home, stdout=log, stderr=log)
        client = self.client()
        retry(lambda: _make_bucket(client), BotoCoreError, self._process)
        retry(lambda: _write(client), BotoCoreError, self._process)
        client.delete_object(Bucket=BUCKET, Key="ready")

    def stop(self) -> None:
        """Kill the server; it may outlive SIGTERM."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _words(self) -> list[str]:
        ports = [f"-{part}.port={port}" for part, port in self.ports.items()]
        grpc_ports = [f"-{part}.port.grpc={port}" for part, port in self.grpc_ports.items()]
        return [
            str(Path(sys.executable).with_name("weed")),
            "server",
            f"-dir={self.home / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={self.home / 's3.json'}",
            f"-filer.localSocket={self.home / 'filer.sock'}",
            f"-s3.localSocket={self.home / 's3.sock'}",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=20",
            *ports,
            *grpc_ports,
        ]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run SeaweedFS until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True) as folder:
        server = S3Server(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _identities() -> list[dict[str, Any]]:
    everything = ["Admin", "Read", "List", "Tagging", "Write"]
    return [
        _identity("writer", ACCESS_KEY, SECRET_KEY, everything),
        _identity("reader", READ_ONLY_KEY, READ_ONLY_SECRET, ["Read", "List"]),
    ]


def _identity(name: str, access_key: str, secret_key: str, actions: list[str]) -> dict[str, Any]:
    credentials = [{"accessKey": access_key, "secretKey": secret_key}]
    return {"name": name, "credentials": credentials, "actions": actions}


def _make_bucket(client: Any) -> None:
    try:
        client.create_bucket(Bucket=BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise OperationalBotoError from error


def _write(client: Any) -> None:
    try:
        client.put_object(Bucket=BUCKET, Key="ready", Body=b"")
    except ClientError as error:
        raise OperationalBotoError from error


class OperationalBotoError(BotoCoreError):
    """The server is not ready yet."""

    fmt = "the server is not ready"
