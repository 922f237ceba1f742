"""The start waits until real brokers take a login, and says so once if they refuse it."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import redis as redis_client

from testing.awaited_servers import PATIENT, QUICK
from testing.entrypoint_process import start
from testing.servers import (
    free_port,
    rabbitmq,
    redis,
    sentinel,
)
from testing.waiting import retry

BROKER = "AIRFLOW__CELERY__BROKER_URL"
RETRIES = "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES"  # the reason of this default names the broker, too
CELERY = {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}
MASTER = {"AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__MASTER_NAME": "mymaster"}


def worker(home: Path, environ: dict[str, str], url: str, **more: str) -> tuple[int, str]:
    """Start Flower, which needs the broker only; return the exit code and what the wait says about the broker."""
    result = start(home, "celery", "flower", environ={**environ, **PATIENT, **CELERY, BROKER: url, **more})
    lines = [line for line in result.stderr.splitlines() if "broker" in line and RETRIES not in line]
    return result.returncode, "\n".join(lines)


def with_password(url: str, password: str) -> str:
    return url.replace("://", f"://:{password}@")


def test_redis_that_loads_its_data_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    secured = ("--requirepass", "pw", "--enable-debug-command", "yes", "--rdbcompression", "no")
    with redis(*secured, home=data) as url:
        client = redis_client.Redis.from_url(with_password(url, "pw"))
        client.execute_command("DEBUG", "POPULATE", "2000", "key", "2000")  # type: ignore[no-untyped-call]
        client.save()
        assert worker(tmp_path, component, with_password(url, "pw"))[0] == 0
        code, log = worker(tmp_path, component, with_password(url, "hush"))
        assert code == 0
        assert "refuses the login" in log
        assert "hush" not in log
    # It loads for 400 seconds, and answers after each key, which is longer than that interval.
    slow = ("--key-load-delay", "200000", "--loading-process-events-interval-bytes", "1024")
    with redis(*secured, *slow, home=data) as url:
        code, log = worker(tmp_path, component, with_password(url, "pw"), **QUICK)
        assert (code, "it is loading its data (LOADING)" in log) == (75, True), log


def test_sentinel_without_master_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    with redis("--requirepass", "pw") as master:
        port = urlsplit(master).port
        monitor = f"sentinel monitor mymaster 127.0.0.1 {port} 1\nsentinel auth-pass mymaster pw"
        with sentinel(monitor) as url:
            assert worker(tmp_path, component, with_password(url, "pw"), **MASTER)[0] == 0
            assert "refuses" in worker(tmp_path, component, with_password(url, "hush"), **MASTER)[1]
            other = dict.fromkeys(MASTER, "other")
            code, log = worker(tmp_path, component, with_password(url, "pw"), **other, **QUICK)
            assert (code, "it does not know a master" in log) == (75, True), log
    with sentinel(f"sentinel monitor mymaster 127.0.0.1 {port} 1") as url:
        code, log = worker(tmp_path, component, url, **MASTER, **QUICK)
        assert (code, "the master that it names is not reachable" in log) == (75, True), log


def test_rabbitmq_ends_wait(tmp_path: Path, component: dict[str, str]) -> None:
    with rabbitmq() as url:
        code, log = worker(tmp_path, component, url)
        assert (code, log) == (0, "")


def test_redis_socket_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    path = tmp_path / "redis.sock"
    url = f"redis+socket://:pw@{path}"
    assert worker(tmp_path, component, url, **QUICK)[0] == 75
    client = redis_client.Redis(unix_socket_path=str(path), password="pw")
    with redis("--requirepass", "pw", "--unixsocket", str(path)):
        retry(client.ping, redis_client.ConnectionError)  # it listens there a moment after its port
        assert worker(tmp_path, component, url) == (0, "")


def test_redis_with_tls_is_awaited(tmp_path: Path, component: dict[str, str], certificate: Path) -> None:
    port = free_port()
    files = ["--tls-cert-file", f"{certificate}/server.crt", "--tls-key-file", f"{certificate}/server.key"]
    tls = ["--tls-port", str(port), *files, "--tls-auth-clients", "no", "--requirepass", "pw"]
    with redis(*tls):
        retry(lambda: socket.create_connection(("127.0.0.1", port), 60).close(), OSError)
        for query in (
            "?ssl_cert_reqs=none",
            f"?ssl_cert_reqs=required&ssl_ca_certs={certificate}/server.crt",
        ):
            for password, refused in (("pw", False), ("hush", True)):
                url = f"rediss://:{password}@localhost:{port}/0{query}"
                code, log = worker(tmp_path, component, url)
                assert (code, "refuses" in log) == (0, refused), log
        # The probe sends no password to a server that it cannot verify; the component will say more.
        url = f"rediss://:hush@localhost:{port}/0?ssl_cert_reqs=required"
        assert worker(tmp_path, component, url) == (0, "")
