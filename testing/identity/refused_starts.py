"""Starts the line's web server with one wrong setting after the other; as a program it reports how each start ended.

Each start is a process forked from one that has imported Airflow: `airflow webserver` or `airflow api-server`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

from testing.installed_line import LINE

RESULT = "RESULT "
WEB_SERVER = "api-server" if LINE == "3.3" else "webserver"


def start(variables: dict[str, str]) -> dict[str, Any]:
    """Return exit code, stdout and stderr of a web server that is started with more variables."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.environ.update(variables)
            _run()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return {"code": code, "stdout": texts[0], "stderr": texts[1]}


def _run() -> None:
    from airflow.__main__ import main

    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


def main() -> None:
    """Report the ends of the starts whose variables are in the first argument, a JSON object by name."""
    starts = json.loads(sys.argv[1])
    sys.argv = ["airflow", WEB_SERVER]
    import airflow.__main__  # noqa: F401 - with the startup hook, which looks at the command line

    ends = {name: start(variables) for name, variables in starts.items()}
    print(f"{RESULT}{json.dumps(ends)}")


if __name__ == "__main__":
    main()
