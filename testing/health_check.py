"""The health check in its own process, with the packages that it imports; and a web server to check."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from testing.entrypoint_process import CHECKOUT, environment
from testing.installed_line import LINE

PASSWORD = "s3cr3t-p4ss"
WEB, PATH, SECTION, PORT, CERTIFICATE = {
    "3.3": ("api-server", "/api/v2/monitor/health", "API", "PORT", "SSL_CERT"),
    "2.11": ("webserver", "/health", "WEBSERVER", "WEB_SERVER_PORT", "WEB_SERVER_SSL_CERT"),
}[LINE]
HEALTHY = {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "healthy"}}
# Each check imports its own packages, so the time limits of the others stay as they are.
CHECK = """
import json, os, sys
from astro_runtime_plugin.health.__main__ import problem
if sys.argv[1] in ("api-server", "webserver"):
    from astro_runtime_plugin.health import http
    http.TIMEOUT_SECONDS = 300
elif sys.argv[1] == "celery":
    from astro_runtime_plugin.health import worker
    worker.ANSWER_SECONDS = 300
else:
    from astro_runtime_plugin.health import database, job
    database.CONNECT_SECONDS = job.AIRFLOW_SECONDS = 300
print(json.dumps([problem(os.environ, sys.argv[1:]), sorted(sys.modules)]))
"""


def run(home: Path, *words: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=environment(home, environ), cwd=CHECKOUT, capture_output=True, text=True, timeout=300
    )


def assert_quiet_check(home: Path, *subcommand: str, environ: Mapping[str, str]) -> tuple[str, set[str]]:
    """Run the check in its own process, which must print nothing else; return the problem and the imported packages."""
    done = run(home, sys.executable, "-c", CHECK, *subcommand, environ=environ)
    assert (done.returncode, done.stderr, PASSWORD in done.stdout) == (0, "", False)
    message, modules = json.loads(done.stdout)
    return message or "", {module.partition(".")[0] for module in modules}


@contextmanager
def health_server(
    body: object = HEALTHY, path: str = PATH, status: int = 200, cert: Path | None = None
) -> Iterator[str]:
    """Run an HTTP server that serves only `path`; yield its port."""

    class HealthHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == path else 404)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), HealthHandler) as server:
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield str(server.server_port)
        server.shutdown()
