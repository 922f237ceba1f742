"""A shipper that is killed, as by SIGKILL, before or after it calls a method of the store for the Nth time."""

from __future__ import annotations

import os
import signal
from typing import Any

from astro_runtime_plugin.task_logs.shipping import shipper
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.s3 import S3Store


def main(log_folder: str, url: str, conn_id: str, method: str, moment: str, count: str) -> None:
    left = int(count)

    def replace(store: Any) -> None:
        original = getattr(store, method)

        def call(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if not left and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = original(*arguments)
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(store, method, call)

    for store in (FolderStore, S3Store):
        replace(store)
    shipper.main(log_folder, url, conn_id)
