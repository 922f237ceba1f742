"""How somebody on another machine sees the task logs of an Airflow 2.11: its web server's pages and REST API."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import httpx

from testing.airflow2_installation import Airflow2
from testing.waiting import retry, wait_until

PASSWORD = "a password of the tests"
AWAY = "The store of task logs cannot be read"


class LogReader:
    """A web server on another machine: it has the same database and store, but none of the log files."""

    def __init__(self, airflow: Airflow2) -> None:
        self.url, self._dag = f"http://127.0.0.1:{airflow.port}", airflow.dag
        self._client = httpx.Client(base_url=self.url, auth=("ann", PASSWORD), timeout=300)

    def text(self, run: str, task: str, try_number: int = 1, map_index: int = -1, full: bool = False) -> str:
        """Return a log as the UI asks for it."""
        params = {"map_index": map_index, "full_content": full}
        return self._get(run, task, try_number, params, "text/plain").text

    def read(self, run: str, task: str, token: str = "") -> tuple[str, str]:
        """Return what the REST API has of a log since a token, and the next token."""
        params = {"token": token} if token else {}
        answer = self._get(run, task, 1, params, "application/json").json()
        return answer["content"], answer["continuation_token"]

    def state(self, run: str, task: str) -> str | None:
        """Return the state of a task."""
        path = f"/api/v1/dags/{self._dag}/dagRuns/{run}/taskInstances/{task}"
        state: str | None = self._client.get(path).raise_for_status().json()["state"]
        return state

    def _get(
        self, run: str, task: str, try_number: int, params: Mapping[str, str | int], accept: str
    ) -> httpx.Response:
        path = f"/api/v1/dags/{self._dag}/dagRuns/{quote(run)}/taskInstances/{task}/logs/{try_number}"

        def answer() -> httpx.Response | None:
            reply = self._client.get(path, params=params, headers={"Accept": accept}).raise_for_status()
            # A store that a starved server has had no answer from in time counts as away for some seconds.
            return None if AWAY in reply.text else reply

        response: httpx.Response = wait_until(answer)
        return response


@contextlib.contextmanager
def web_server(airflow: Airflow2) -> Iterator[LogReader]:
    """Run a web server that shares nothing with `airflow` but database and store."""
    user = "-u ann -r Admin -e ann@example.com --firstname Ann --lastname Other"
    airflow.airflow(f"users create {user} -p '{PASSWORD}'")
    elsewhere = str(airflow.home / "elsewhere")
    words = ["webserver", "--port", str(airflow.port), "--host", "127.0.0.1"]
    airflow.start("webserver", *words, AIRFLOW__LOGGING__BASE_LOG_FOLDER=elsewhere)
    reader = LogReader(airflow)
    retry(lambda: httpx.get(f"{reader.url}/health", timeout=60).raise_for_status(), httpx.HTTPError)
    yield reader
