"""What stock Airflow's remote logging costs at a task's end: processor time and requests of one upload."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.task_logs.workplace import PATH


class Upload(NamedTuple):
    """Processor time in seconds, and the number of requests."""

    seconds: float
    requests: int


def upload(folder: Path, url: str, text: bytes) -> Upload:
    """Return what the upload of a log costs that says `text`; the connection is boto3's own."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO

    file = folder / PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    sent: list[Any] = []
    logs = S3RemoteLogIO(remote_base=url, base_log_folder=folder, delete_local_copy=False)  # type: ignore[arg-type]
    hook = S3Hook(aws_conn_id=None)
    hook.get_conn().meta.events.register("before-send.s3", lambda **_: sent.append(1))
    logs.hook = hook  # type: ignore[misc]  # a cached property
    file.write_bytes(text)
    started = time.process_time()
    logs.upload(PATH)
    assert not file.read_bytes(), "a file that was uploaded would be empty"
    return Upload(time.process_time() - started, len(sent))
