"""nginx with TLS in front of a web server, as a platform has it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.certificate import write_certificate
from testing.servers import running

NGINX = "/usr/sbin/nginx"
CONFIG = """daemon off;
worker_processes 1;
pid {home}/pid;
error_log {home}/error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  large_client_header_buffers 4 32k;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/certificate.pem;
    ssl_certificate_key {home}/certificate.pem;
    location {prefix}/ {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_read_timeout 300s;
      proxy_set_header Host $host:{port};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_buffer_size 32k;
      proxy_buffers 4 32k;
    }}
  }}
}}
"""


@contextmanager
def tls_proxy(port: int, upstream: int, prefix: str) -> Iterator[str]:
    """Run nginx on `port` in front of the server on the port `upstream`; yield the URL of `prefix`."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        write_certificate(home / "certificate.pem")
        config = home / "nginx.conf"
        config.write_text(CONFIG.format(home=home, port=port, upstream=upstream, prefix=prefix))
        with running([NGINX, "-c", str(config), "-p", folder, "-e", f"{folder}/error.log"], port, home):
            yield f"https://127.0.0.1:{port}{prefix}"
