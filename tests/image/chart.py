"""The official Airflow chart (1.22) in Docker: its commands, environment, files and probes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml  # type: ignore[import-untyped]

from testing.auth_managers import FAB
from testing.docker_engine import Container, assert_container_runs_cleanly, network, once, run_container
from testing.entrypoint_process import CHECKOUT

VALUES_FILE = CHECKOUT / "deploy" / "helm-values.yaml"
VALUES: dict[str, Any] = yaml.safe_load(VALUES_FILE.read_text())
HOME = "/opt/airflow"

# The args of the chart's jobs, init container and components, which follow the image's ENTRYPOINT.
MIGRATE = ("bash", "-c", "exec \\\nairflow db migrate")
USER = ("-r", "Admin", "-u", "admin", "-e", "admin@example.com", "-f", "admin", "-l", "user", "-p", "admin")
CREATE_USER = ("bash", "-c", 'exec \\\nairflow users create "$@"', "--", *USER)
# Its images.migrationsWaitTimeout is 60 seconds; a machine that runs other tests may need more.
WAIT_FOR_MIGRATIONS = ("airflow", "db", "check-migrations", "--migration-wait-timeout=900")
LOG_GROOMER = ("bash", "/clean-logs")
GROOMING = {
    "AIRFLOW__LOG_RETENTION_DAYS": "15",
    "AIRFLOW__LOG_RETENTION_MINUTES": "0",
    "AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES": "15",
}
WEB = {"3.3": "api-server", "2.11": "webserver"}
COMPONENTS = {
    "web": "exec airflow {web}",
    "scheduler": "exec airflow scheduler",
    "dag-processor": "exec airflow dag-processor",
    "triggerer": "exec airflow triggerer",
    "worker": "exec \\\nairflow celery worker",
}

# Its probes: commands in the container, and for the web server a GET request of the kubelet.
JOBS = "CONNECTION_CHECK_MAX_COUNT=0 AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR exec /entrypoint \\\nairflow jobs check"
PROBES = {
    "scheduler": f"{JOBS} --job-type SchedulerJob --local\n",
    "triggerer": f"{JOBS} --job-type TriggererJob --local\n",
    "dag-processor": f"{JOBS} --local --job-type DagProcessorJob\n",
    "worker": "CONNECTION_CHECK_MAX_COUNT=0 exec /entrypoint python -m celery"
    " --app airflow.providers.celery.executors.celery_executor.app inspect ping"
    " -d celery@$(python -c 'import socket; print(socket.gethostname())')",
}
HEALTH = {"3.3": "/api/v2/monitor/health", "2.11": "/health"}

DATABASE = "postgresql://postgres:postgres@airflow-postgresql.default:5432/postgres?sslmode=disable"
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # same format as the chart's secrets
USERS = ("50000", "1000650000")  # the chart's, and one as OpenShift assigns it
# The chart's default `config`, rendered, and two values of an operator: max_tis_per_query and the dag-processor.
CONFIG: dict[str, dict[str, object]] = {
    "celery": {"flower_url_prefix": "", "sync_parallelism": 0, "worker_concurrency": 16},
    "celery_kubernetes_executor": {"kubernetes_queue": "kubernetes"},
    "core": {
        "auth_manager": FAB,
        "dags_folder": f"{HOME}/dags",
        "execution_api_server_url": "http://airflow-api-server:8080/execution/",
        "executor": "CeleryExecutor",
        "load_examples": False,
    },
    "dag_processor": {
        "dag_bundle_config_list": '[{"classpath":"airflow.dag_processing.bundles.local.LocalDagBundle",'
        '"kwargs":{},"name":"dags-folder"}]'
    },
    "elasticsearch": {"log_id_template": "{dag_id}-{task_id}-{run_id}-{map_index}-{try_number}"},
    "fab": {"enable_proxy_fix": True},
    "kerberos": {"keytab": "/etc/airflow.keytab", "principal": "airflow@FOO.COM", "reinit_frequency": 3600},
    "kubernetes_executor": {"multi_namespace_mode": False, "namespace": "default"},
    "logging": {"colored_console_log": False, "remote_logging": False},
    "metrics": {
        "statsd_host": "airflow-statsd",
        "statsd_on": True,
        "statsd_port": 9125,
        "statsd_prefix": "airflow",
    },
    "scheduler": {"max_tis_per_query": 64, "standalone_dag_processor": True},
    "traces": {"otel_on": False},
    "webserver": {"enable_proxy_fix": True},
}
# The templates in deploy/helm-values.yaml, and what they render to.
RENDERED = {
    "{{ (.Values.workers.celery).replicas | default .Values.workers.replicas }}": "3",
    "{{ .Values.images.airflow.tag | default .Values.defaultAirflowTag }}": "7",
}
# As in the chart for Airflow 2, and the equivalent for Airflow 3.
LOCAL_SETTINGS = {
    "3.3": "from airflow.api_fastapi.common.types import UIAlert\n"
    "DASHBOARD_UIALERTS = [UIAlert(text='Usage of a dynamic secret key detected.', category='warning')]\n",
    "2.11": "from airflow.www.utils import UIAlert\n"
    "DASHBOARD_UIALERTS = [UIAlert('Usage of a dynamic secret key detected.', category='warning')]\n",
}


def cfg() -> str:
    """Return airflow.cfg as the chart writes it with deploy/helm-values.yaml."""
    sections = {**CONFIG, **VALUES["config"]}
    text = "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()) + "\n"
        for section, options in sections.items()
    )
    for template, value in RENDERED.items():
        text = text.replace(template, value)
    return text


class HelmRelease:
    """An installed chart: its image, its files and the network with its database and its broker."""

    def __init__(self, line: str, image: str, net: str, folder: Path) -> None:
        self.line, self.image, self.net, self.folder = line, image, net, folder
        folder.chmod(0o755)  # readable for any user, as a ConfigMap is
        (folder / "airflow.cfg").write_text(cfg())
        (folder / "airflow_local_settings.py").write_text(LOCAL_SETTINGS[line])

    def environ(self, component: str) -> dict[str, str]:
        """Return the variables that the chart sets in a component's container; for a job, `component` is empty."""
        environ = {
            "AIRFLOW_HOME": HOME,
            "AIRFLOW__CORE__FERNET_KEY": KEY,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": DATABASE,
            "AIRFLOW_CONN_AIRFLOW_DB": DATABASE,
            "AIRFLOW__CELERY__BROKER_URL": "redis://:redis@airflow-redis:6379/0",
        }
        if self.line == "2.11":
            environ["AIRFLOW__WEBSERVER__SECRET_KEY"] = KEY
        else:
            environ["AIRFLOW__API__SECRET_KEY"] = KEY
            environ |= {"AIRFLOW__API_AUTH__JWT_SECRET": KEY} if component in ("web", "scheduler") else {}
        return environ | ({"DUMB_INIT_SETSID": "0"} if component == "worker" else {})

    def options(self, component: str = "", user: str = USERS[0]) -> list[str]:
        """Return the options with which `docker run` starts the chart's container."""
        paths = [Path("airflow.cfg"), Path("config/airflow_local_settings.py")]
        mounts = [f"--volume={self.folder / path.name}:{HOME}/{path}:ro" for path in paths]
        environ = [f"--env={name}={value}" for name, value in self.environ(component).items()]
        contexts = [f"--user={user}:0", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
        return [f"--network={self.net}", f"--tmpfs={HOME}/logs:mode=2777", *contexts, *mounts, *environ]

    def job(self, *args: str) -> CompletedProcess[str]:
        """Run a job to its end."""
        return once(self.image, *args, options=self.options())

    def component(self, name: str, user: str) -> AbstractContextManager[Container]:
        """Run a component until the end of the block; the web server's port is published."""
        words = ("bash", "-c", COMPONENTS[name].format(web=WEB[self.line]))
        port = ["--network-alias=airflow-api-server", "--publish=127.0.0.1::8080"] if name == "web" else []
        return assert_container_runs_cleanly(self.image, *words, options=[*self.options(name, user), *port])


@contextmanager
def installed(line: str, image: str, folder: Path) -> Iterator[HelmRelease]:
    """Start the chart's PostgreSQL and Redis, and remove everything at the end."""
    with network() as net, ExitStack() as stack:
        database = [f"--network={net}", "--network-alias=airflow-postgresql.default"]
        database += ["--tmpfs=/var/lib/postgresql/data", "--env=POSTGRES_PASSWORD=postgres"]
        stack.enter_context(run_container("postgres:15", options=database))
        # StatsD uses UDP, so clients need only a name to send to.
        broker = [f"--network={net}", "--network-alias=airflow-redis", "--network-alias=airflow-statsd"]
        words = ["redis-server", "--requirepass", "redis"]
        stack.enter_context(run_container("redis:7", *words, options=broker))
        yield HelmRelease(line, image, net, folder)
