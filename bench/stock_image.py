"""An image that differs from the Runtime's in one thing: it has Airflow alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dev.images import tag
from testing.docker_engine import docker, once
from testing.plain_airflow import LIST_RUNTIME

DOCKERFILE = """\
FROM {image}
USER root
RUN cd /opt/astro-runtime/lib/python*/site-packages && rm -r astro_runtime* entrypoint
USER astro
HEALTHCHECK NONE
ENTRYPOINT ["tini", "--"]
"""


@contextmanager
def build_stock_image(line: str) -> Iterator[str]:
    """Build the image of a line without the Runtime; yield its tag, and remove it at the end."""
    stock = f"stock-airflow:{line}"
    docker("build", "--tag", stock, "-", stdin=DOCKERFILE.format(image=tag(line, "-base")))
    try:
        done = once(stock, "python", "-c", LIST_RUNTIME)
        assert (done.returncode, done.stdout) == (0, "[]\n"), done
        yield stock
    finally:
        docker("image", "rm", "--force", stock)
