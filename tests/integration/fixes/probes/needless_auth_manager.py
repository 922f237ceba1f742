"""What a command imports, and which commands it knows: `needless_auth_manager WORDS` for `airflow WORDS`."""

from __future__ import annotations

import sys
from typing import Any

sys.argv = ["airflow", *sys.argv[1:]]  # as Airflow's start finds it

from airflow.cli import cli_parser  # noqa: E402

from testing.proof import report  # noqa: E402

MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager"
NAMES = ("subcommand", "dag_id", "local", "output")


def parse(parser: Any, *words: list[str]) -> dict[str, Any]:
    """Return what a parser makes of words; of the process's own without any."""
    parsed = vars(parser.parse_args(*words))
    return {name: parsed[name] for name in NAMES if parsed.get(name)}


parser = cli_parser.get_parser()
own = parse(parser)
imported = MANAGER in sys.modules
others = [["users", "list", "--output", "json"], ["tasks", "clear", "dag", "--yes"]]
other = [parse(cli_parser.get_parser(), words) for words in others]
other = [{name: value for name, value in words.items() if name != "dag_id"} for words in other]
report({"imported": imported, "own": own, "other": other})
