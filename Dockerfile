# The Runtime's image. `docker build .` builds the default variant of the 3.3 line; docker-bake.hcl lists them all.
# `make versions` writes these five from catalogue.json.
ARG RELEASE=3.3-1
ARG LINE=3.3
ARG AIRFLOW_VERSION=3.3.2
ARG PYTHON_VERSION=3.12
ARG DEBIAN=bookworm

FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS python

# Build tools, which are not part of the image.
FROM python AS tools
COPY locks/tools.txt /locks/
RUN python3 -m venv /opt/tools \
 && /opt/tools/bin/pip install --no-cache-dir --require-hashes --no-deps -r /locks/tools.txt

# The wheel of this project.
FROM tools AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE astro_runtime_fixes.pth ./
COPY entrypoint entrypoint
COPY astro_runtime_plugin astro_runtime_plugin
RUN /opt/tools/bin/uv build --wheel --no-build-isolation --python /opt/tools/bin/python --out-dir /wheel

# Airflow and its providers, exactly as locked. Compilers and headers stay in this stage.
FROM tools AS airflow
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev pkg-config libmariadb-dev libldap-dev libsasl2-dev \
 # The public Python image includes Python's headers; Debian's own Python has them in a separate package.
 && (test -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" \
     || apt-get install -y --no-install-recommends python3-dev) \
 && rm -rf /var/lib/apt/lists/*
ARG LINE
ARG VARIANT=full
COPY locks/${LINE}-${VARIANT}.txt /locks/lock.txt
# Compiled here: the image's user cannot write __pycache__, so every start would compile all of Airflow. The flags are for
# what has no wheel: debug symbols and build IDs depend on the folder of the build.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=image/build,target=/build/image/build \
    export PYTHONPATH=/build PYTHONDONTWRITEBYTECODE=1 CFLAGS=-g0 LDFLAGS=-Wl,--build-id=none \
 && /build/image/build/base-packages.sh \
 && python3 -m venv --without-pip /opt/astro-runtime \
 # `pip install` by the user, who cannot write to the environment, goes to the user's own folder, as in the official
 # image. The environment's packages come first on the path, so that Airflow keeps its own.
 && sed -i 's/^include-system-site-packages = false$/include-system-site-packages = true/' /opt/astro-runtime/pyvenv.cfg \
 && grep -q '^include-system-site-packages = true$' /opt/astro-runtime/pyvenv.cfg \
 && /opt/tools/bin/uv pip install --python /opt/astro-runtime/bin/python --require-hashes --no-deps \
      --link-mode copy -r /locks/lock.txt \
 && rm -f /opt/astro-runtime/.lock \
 && python3 -m image.build.trim /opt/astro-runtime \
 && python3 -m image.build.bytecode /opt/astro-runtime/lib \
 && python3 -m image.build.layers /opt/astro-runtime /layers wheels providers airflow

# This project, with the bill of materials in CycloneDX format, with the fixes of Airflow.
FROM airflow AS runtime
# The modes are ours, not those of the machine that builds: with umask 002 the group could write.
COPY --chmod=755 image /layers/runtime/usr/local/lib/astro-runtime/image
ARG LINE
ARG VARIANT=full
# The requirements that the image was built from; a project's requirements are resolved together with them.
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    --mount=type=bind,source=locks,target=/locks \
    --mount=type=bind,source=image,target=/build/image \
    export PYTHONPATH=/build PYTHONDONTWRITEBYTECODE=1 \
      environment=/opt/astro-runtime root=/layers/runtime/usr/local share=/layers/runtime/usr/local/share/astro-runtime \
      own=/layers/runtime/opt/astro-runtime/share/astro-runtime \
 && /opt/tools/bin/uv pip install --no-cache --python $environment/bin/python --no-deps --no-index --find-links /wheel astro-runtime \
 # uv notes the time of the wheel.
 && rm $environment/lib/python*/site-packages/astro_runtime-*.dist-info/uv_cache.json \
 && sed -i '/uv_cache.json/d' $environment/lib/python*/site-packages/astro_runtime-*.dist-info/RECORD \
 && $environment/bin/python -m pip check \
 && rm -r $root/lib/astro-runtime/image/build \
 && mkdir -p $share $own $root/bin \
 && _AIRFLOW__AS_LIBRARY=1 AIRFLOW_HOME=/tmp/airflow $environment/bin/python -m image.valid_providers >$own/valid-providers.txt \
 && /opt/tools/bin/cyclonedx-py environment --output-reproducible --of JSON --output-file $share/sbom.cdx.json $environment/bin/python \
 && $environment/bin/python -m image.sbom_fixes $share/sbom.cdx.json \
 && cd /locks && lists="$LINE.in $LINE-slim.in $(test "$VARIANT" = slim || echo "$LINE-full.in")" \
 && $environment/bin/python -m image.image_requirements $lists >$share/requirements.txt \
 && grep -oE '^apache-airflow(-core|-task-sdk)?==[^ ]+' "$LINE-$VARIANT.txt" >$share/constraints.txt \
 && ln -s /usr/local/lib/astro-runtime/image/entrypoint.sh /layers/runtime/entrypoint \
 && ln -s /usr/local/lib/astro-runtime/image/clean-logs.sh /layers/runtime/clean-logs \
 && ln -s /usr/local/lib/astro-runtime/image/clean-logs.sh $root/bin/clean-airflow-logs \
 && chmod 644 $share/* $own/* \
 && python3 -m image.build.bytecode $environment/lib/python*/site-packages/entrypoint $environment/lib/python*/site-packages/astro_runtime_plugin \
 && python3 -m image.build.layers $environment /layers runtime

FROM python AS base
ARG VARIANT=full
# Debian packages needed at run time; the files give the reason for each. The public Python
# image has no bytecode of the standard library, and the user cannot write any: every start would compile it.
# The container may run as any user of group 0, as on OpenShift: the group may write whatever the user may write.
RUN --mount=type=bind,source=image/packages-slim.txt,target=/build/packages-slim.txt \
    --mount=type=bind,source=image/packages-full.txt,target=/build/packages-full.txt \
    --mount=type=bind,source=image/excluded-files.txt,target=/build/excluded-files.txt \
    --mount=type=bind,source=image/build/base-packages.sh,target=/build/base-packages.sh \
    --mount=type=bind,source=image/build/end-layer.sh,target=/build/end-layer.sh \
    begin=$(date +%s.%N) \
 && cat /build/packages-slim.txt $(test "$VARIANT" = slim || echo /build/packages-full.txt) | sed 's/#.*//' >/tmp/packages \
 && sed -n 's|^/[^ ]*|-o DPkg::Options::=--path-exclude=&|; s/ *#.*//; /^-o/p' /build/excluded-files.txt >/tmp/options \
 && apt-get update \
 && cat /tmp/options /tmp/packages | xargs apt-get install -y --no-install-recommends \
 && /build/base-packages.sh \
 # useradd writes the day into /etc/shadow.
 && SOURCE_DATE_EPOCH=1577836800 useradd --uid 50000 --gid 0 --create-home --home-dir /home/astro --shell /bin/bash astro \
 && mkdir -p /usr/local/airflow/dags /usr/local/airflow/plugins /usr/local/airflow/include /usr/local/airflow/logs \
 && chown -R astro:0 /usr/local/airflow /home/astro \
 && chmod -R g=u /usr/local/airflow /home/astro \
 && ln -s /usr/local/airflow /opt/airflow \
 && python3 -m compileall -q -x '/(site|dist)-packages/|/tests?/' "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
 && /build/end-layer.sh "$begin"
# From what changes seldom to what changes with every release, so that a node that has the one before pulls little.
COPY --from=airflow /layers/wheels /
COPY --from=airflow /layers/providers /
COPY --from=airflow /layers/airflow /
COPY --from=runtime /layers/runtime /
ARG RELEASE
ARG AIRFLOW_VERSION
ARG PYTHON_VERSION
# DUMB_INIT_SETSID: dumb-init, for charts that call it, signals only its child, as tini does.
ENV PATH=/opt/astro-runtime/bin:$PATH:/home/astro/.local/bin \
    PYTHONUSERBASE=/home/astro/.local \
    DUMB_INIT_SETSID=0 \
    AIRFLOW_HOME=/usr/local/airflow \
    AIRFLOW_VERSION=${AIRFLOW_VERSION} \
    ASTRONOMER_USER=astro \
    ASTRONOMER_UID=50000 \
    PIP_NO_CACHE_DIR=1 \
    PYTHON_MAJOR_MINOR_VERSION=${PYTHON_VERSION}
LABEL org.opencontainers.image.title="Astro Runtime" \
      org.opencontainers.image.description="A drop-in Airflow distribution: overridable production defaults, a millisecond entrypoint, and a footer and page that show what runs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${RELEASE}" \
      io.astronomer.docker="true" \
      io.astronomer.docker.module="airflow" \
      io.astronomer.docker.component="airflow" \
      io.astronomer.docker.airflow.version="${AIRFLOW_VERSION}" \
      io.astronomer.docker.runtime.version="${RELEASE}" \
      io.astronomer.docker.python.version="${PYTHON_VERSION}"
# For RUN in a project's Dockerfile: `source`, and a pipe that fails if any of its commands does.
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /usr/local/airflow
USER astro
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=20s --start-period=120s --start-interval=5s --retries=3 \
  CMD ["/opt/astro-runtime/bin/python", "-I", "-m", "astro_runtime_plugin.health"]
# tini signals only its child, so a Celery worker's own children live on and finish their tasks.
ENTRYPOINT ["tini", "--", "/entrypoint"]

# The default: a project's Dockerfile needs only `FROM` this image.
FROM base AS project
ONBUILD USER root
# The last letter is a pattern, so that a missing file is no error.
ONBUILD COPY packages.tx[t] requirements.tx[t] pip.con[f] /tmp/project/
# Build arguments stay in the image's history; a password must be a build secret, which stays nowhere.
ONBUILD ARG PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST \
    UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_INDEX UV_INDEX_STRATEGY
ONBUILD RUN --mount=type=secret,id=pip.conf \
    --mount=type=secret,id=build.env \
    --mount=type=secret,id=netrc,target=/root/.netrc \
    --mount=type=secret,id=PIP_INDEX_URL \
    --mount=type=secret,id=PIP_EXTRA_INDEX_URL \
    --mount=type=secret,id=UV_INDEX_URL \
    --mount=type=secret,id=UV_EXTRA_INDEX_URL \
    --mount=type=secret,id=UV_DEFAULT_INDEX \
    --mount=type=secret,id=UV_INDEX \
    /usr/local/lib/astro-runtime/image/install-lists.sh /tmp/project
# Not COPY, which would keep .env, .git and the modes of the machine that builds.
ONBUILD RUN --mount=type=bind,target=/run/project \
    PYTHONPATH=/usr/local/lib/astro-runtime /opt/astro-runtime/bin/python -BP -m image.copy_project /run/project /usr/local/airflow
ONBUILD USER astro
ONBUILD ARG IMAGE_TAG
ONBUILD ENV ASTRO_RUNTIME_IMAGE_TAG=${IMAGE_TAG}
