"""`airflow tasks run` does not import the auth manager.

An auth manager may add commands, so that each command of Airflow 2 imports it, with the libraries of a whole web
application: a fifth of the processor time that a task's pod needs before the first line of its task. Here
`airflow tasks run` does without those commands. If such a process parses another command, it imports them then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache, wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.support.stand_in import stand_in

if TYPE_CHECKING:
    from argparse import ArgumentParser

PARSER = "airflow.cli.cli_parser"
AUTH_MANAGER = "airflow.www.extensions.init_auth_manager"
RUN = ["tasks", "run"]
Execute = Callable[[ModuleType], None]


class NoCommands:
    """Stands for an auth manager."""

    @staticmethod
    def get_cli_commands() -> list[Any]:
        """Return no command."""
        return []


def leave_out(execute: Execute) -> Execute:
    """Wrap what executes the parser of commands."""

    def execute_without_auth_manager(module: ModuleType) -> None:
        if AUTH_MANAGER in sys.modules or sys.argv[1:3] != RUN:
            execute(module)
            return
        with stand_in(AUTH_MANAGER, PARSER, {"get_auth_manager_cls": lambda: NoCommands}):
            execute(module)
        module.get_parser = complete_late(execute, module)  # type: ignore[attr-defined]

    return execute_without_auth_manager


def complete_late(execute: Execute, module: ModuleType) -> Callable[..., ArgumentParser]:
    """Return a `get_parser` whose parser executes its module once more for any command but `tasks run`."""
    get_incomplete: Callable[..., ArgumentParser] = module.get_parser

    @cache
    @wraps(get_incomplete)
    def get_parser(dag_parser: bool = False) -> ArgumentParser:
        parser = get_incomplete(dag_parser)
        parse = parser.parse_args

        def parse_args(args: Sequence[str] | None = None, namespace: Any = None) -> Any:
            if list(sys.argv[1:] if args is None else args)[:2] == RUN:
                return parse(args, namespace)
            if module.get_parser is get_parser:
                execute(module)
            return module.get_parser(dag_parser).parse_args(args, namespace)

        parser.parse_args = parse_args  # type: ignore[method-assign, assignment]
        return parser

    return get_parser


FIX = Fix(
    id="needless-auth-manager",
    title="`airflow tasks run` does not import the auth manager",
    symptom="A pod of KubernetesExecutor takes a fifth longer to its task's first line than it needs.",
    issue="",
    ends="Airflow 2.11 is no longer supported.",
    patches=(Patch(PARSER, WHOLE_MODULE, ("123f5a770ef27a27",), leave_out, ("2.11",)),),
)
