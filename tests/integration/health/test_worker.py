"""The health check of a Celery worker: real workers on a real Redis or RabbitMQ, with and without an answer."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.utils.nodenames import host_format
from kombu.transport import memory

from astro_runtime_plugin.health import worker as worker_check
from astro_runtime_plugin.health.__main__ import problem, report
from testing.entrypoint_process import environment
from testing.health_check import PASSWORD, assert_quiet_check
from testing.servers import free_port, rabbitmq, redis, running
from testing.waiting import wait_until

URL = "AIRFLOW__CELERY__BROKER_URL"
WORDS = ("celery", "worker", "-H", "mine@%h")
WORKER = """
import json, sys
from celery import Celery
app = Celery(broker=sys.argv[1], config_source=json.loads(sys.argv[2]))
words = "worker --pool solo --loglevel INFO --without-gossip --without-mingle --hostname mine@%h"
app.worker_main(words.split())
"""


@contextmanager
def run_worker(url: str, home: Path, **settings: Any) -> Iterator[None]:
    """Run a worker with a name other than Celery's default."""
    settings = {"control_exchange": "celery", **settings}
    words = [sys.executable, "-c", WORKER, url, json.dumps(settings)]
    with (
        open(home / "worker.log", "wb") as log,
        subprocess.Popen(words, cwd=home, stdout=log, stderr=log) as worker,
    ):
        try:
            wait_until(
                lambda: "ready." in (home / "worker.log").read_text(),
                failed=lambda: worker.poll() is not None,
            )
            # It says so a moment before it listens on Redis, where a question that nobody listens to is lost.
            with Celery(broker=url, config_source=settings, set_as_current=False) as app:
                wait_until(lambda: app.control.broadcast("ping", reply=True, timeout=5, limit=1))
            yield
        finally:
            worker.terminate()
            worker.communicate(timeout=300)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Redis, and on it one Celery worker."""
    with redis() as url, run_worker(url, tmp_path_factory.mktemp("worker")):
        yield {URL: url}


def test_answering_worker_is_healthy(tmp_path: Path, broker: dict[str, str]) -> None:
    message, packages = assert_quiet_check(tmp_path, "celery", "worker", "-H", "mine@%h", environ=broker)
    assert message == ""
    assert "airflow" not in packages


@pytest.fixture
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only seconds for the answer that does not come."""
    monkeypatch.setattr(worker_check, "ANSWER_SECONDS", 5)


@pytest.mark.usefixtures("_short_wait")
def test_answer_of_another_worker_is_ignored(tmp_path: Path, broker: dict[str, str]) -> None:
    message = problem(environment(tmp_path, broker), ("celery", "worker"))
    assert message is not None
    assert message.startswith("the worker celery@")
    assert message.endswith(" does not answer")


@pytest.mark.parametrize(
    ("url", "problem_text"),
    [
        ("redis://:{}@127.0.0.1:{}/0", "could not query the broker at 127.0.0.1:{}: OperationalError"),
        ("redis://:{}@127.0.0.1:{}x/0", "contains an invalid port (URL hidden)"),
    ],
)
def test_unreachable_broker_does_not_reveal_the_password(tmp_path: Path, url: str, problem_text: str) -> None:
    port = free_port()
    message, _ = assert_quiet_check(tmp_path, "celery", "worker", environ={URL: url.format(PASSWORD, port)})
    assert problem_text.format(port) in message


@pytest.mark.parametrize("options", [{"fanout_prefix": False}, {"global_keyprefix": "team-"}], ids=str)
def test_operators_transport_options_are_used(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {
        f"AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__{name.upper()}": str(value)
        for name, value in options.items()
    }
    with redis() as url, run_worker(url, tmp_path, broker_transport_options=options):
        assert problem(environment(tmp_path, {URL: url, **variables}), WORDS) is None
        monkeypatch.setattr(worker_check, "ANSWER_SECONDS", 5)
        assert "does not answer" in str(problem(environment(tmp_path, {URL: url}), WORDS))


@pytest.mark.parametrize("how", ["extra_celery_config", "celery_config_options"])
def test_settings_beyond_airflows_options_are_used(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"control_exchange": "mine", "control_queue_durable": True}
    with rabbitmq() as url, run_worker(url, tmp_path, **settings):
        assert problem(environment(tmp_path, configured(how, tmp_path, url, settings)), WORDS) is None
        monkeypatch.setattr(worker_check, "ANSWER_SECONDS", 5)
        assert "does not answer" in str(problem(environment(tmp_path, {URL: url}), WORDS))


def configured(how: str, home: Path, url: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment in which Airflow's Celery application has the settings."""
    if how == "extra_celery_config":
        return {URL: url, "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": json.dumps(settings)}
    (home / "config").mkdir()
    (home / "config" / "our_celery.py").write_text(f"CONFIG = {dict(settings, BROKER_URL=url)!r}\n")
    return {"AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "our_celery.CONFIG"}


def test_worker_that_consumes_no_queue_is_unhealthy(tmp_path: Path) -> None:
    with redis() as url, run_worker(url, tmp_path):
        environ, control = environment(tmp_path, {URL: url}), Celery(broker=url, set_as_current=False).control
        assert problem(environ, WORDS) is None
        control.cancel_consumer("celery", reply=True, timeout=60, limit=1)
        assert problem(environ, WORDS) == f"the worker {host_format('mine@%h')} consumes no queue"
        control.add_consumer("another", reply=True, timeout=60, limit=1)
        assert problem(environ, WORDS) is None


def test_worker_is_healthy_again_after_its_broker_has_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    url = f"redis://127.0.0.1:{port}/0"
    environ = environment(tmp_path, {URL: url})
    with running(words, port, tmp_path) as server, run_worker(url, tmp_path):
        assert problem(environ, WORDS) is None
        server.kill()
        server.wait()
        assert "could not query the broker" in str(problem(environ, WORDS))
        monkeypatch.setattr(worker_check, "ANSWER_SECONDS", 5)  # a question before it listens again is lost
        with running(words, port, tmp_path):
            wait_until(lambda: problem(environ, WORDS) is None)
            assert consumed_by_worker(url)


def consumed_by_worker(url: str) -> bool:
    """Whether the worker really takes a message: it takes one of a task that it does not know, too."""
    with Celery(broker=url, set_as_current=False) as app:
        app.send_task("unknown")
        with app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            wait_until(lambda: channel.client.llen("celery") == 0)
            return True


def test_one_way_tls_does_not_use_the_key_and_certificate(tmp_path: Path) -> None:
    """`ssl_mutual_tls=False` as the Celery provider reads it: a key that is set but not there does no harm."""
    port, cert = free_port(), tmp_path / "cert.pem"
    openssl = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*openssl.split(), "-keyout", cert, "-out", cert], check=True, capture_output=True)
    tls = f"--tls-port {port} --port 0 --tls-cert-file {cert} --tls-key-file {cert} --tls-ca-cert-file {cert}"
    words = ["redis-server", "--bind", "127.0.0.1", "--save", "", *tls.split(), "--tls-auth-clients", "no"]
    url = f"redis://127.0.0.1:{port}/0"
    broker_use_ssl = {"ssl_cert_reqs": int(ssl.CERT_REQUIRED), "ssl_ca_certs": str(cert)}
    settings = {
        "SSL_ACTIVE": "True  # TLS",
        "SSL_MUTUAL_TLS": "False",
        "SSL_CACERT": str(cert),
        "SSL_KEY": "/not/there.pem",
        "SSL_CERT": "/not/there.pem",
    }
    environ = {URL: url, **{f"AIRFLOW__CELERY__{name}": text for name, text in settings.items()}}
    with running(words, port, tmp_path), run_worker(url, tmp_path, broker_use_ssl=broker_use_ssl):
        assert problem(environment(tmp_path, environ), WORDS) is None
        without_tls = {**environ, "AIRFLOW__CELERY__SSL_ACTIVE": "False"}
        assert "could not query" in str(problem(environment(tmp_path, without_tls), WORDS))


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        (
            {"AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False # off"},
            "worker_enable_remote_control is off",
        ),
        (
            {"AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": '{"worker_enable_remote_control": false}'},
            "control is off",
        ),
        ({"AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": "{"}, "extra_celery_config must be JSON"),
        ({"AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "not.there"}, "failed: ModuleNotFoundError"),
        ({f"{URL}_CMD": "false"}, "BROKER_URL_CMD failed with exit code 1"),
        ({f"{URL}_SECRET": "path"}, "names a secret"),
        ({URL: "etcd://there"}, "cannot tell"),  # without the driver
        ({URL: "nosuch://there"}, "the health check itself failed: KeyError"),
    ],
    ids=str,
)
def test_worker_that_cannot_be_queried_is_healthy(
    tmp_path: Path, broker: dict[str, str], override: dict[str, str], reason: str
) -> None:
    environ = override if any(name.startswith(URL) for name in override) else {**broker, **override}
    healthy, message = report(environment(tmp_path, environ), ("celery", "worker"))
    assert healthy
    assert message.startswith("healthy, cannot tell: ")
    assert reason in message


def test_nothing_is_asked_through_a_broker_without_fanout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question would leave a queue behind, and no worker would listen."""
    monkeypatch.setattr(memory.Channel, "supports_fanout", False)
    monkeypatch.setattr(memory.Transport.global_state, "queue_index", defaultdict(set))
    healthy, message = report(environment(tmp_path, {URL: "memory://"}), ("celery", "worker"))
    assert (healthy, "does not pass a question to all workers" in message) == (True, True)
    assert not memory.Transport.global_state.queue_index


def test_worker_of_a_team_is_healthy(tmp_path: Path, broker: dict[str, str]) -> None:
    healthy, message = report(environment(tmp_path, broker), ("celery", "worker", "--team", "one"))
    assert (healthy, "team" in message) == (True, True)


def test_broker_that_does_not_answer_is_reported_in_time(tmp_path: Path) -> None:
    """A server that accepts connections and stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        message = problem(environment(tmp_path, {URL: url}), ("celery", "worker"))
    assert "could not query the broker at 127.0.0.1:" in str(message)
