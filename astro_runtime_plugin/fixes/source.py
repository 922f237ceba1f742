"""The source text of a function, and its digest: a fix applies only to source that it was proven against."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from hashlib import sha256
from types import FunctionType
from typing import Any


def digest(lines: Sequence[str], first_line: int) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the function that begins at a line (from 1).

    Raises SyntaxError or IndexError if no function begins there.
    """
    block = "".join(inspect.getblock(lines[first_line - 1 :]))
    return sha256(block.encode()).hexdigest()[:16]


def read_lines(path: str) -> list[str]:
    """Return the lines of a Python file. Raises OSError if it cannot be read."""
    with open(path, encoding="utf-8") as file:
        return file.readlines()


def function_digest(function: FunctionType) -> str:
    """Return the digest of a loaded function. Raises OSError if its source file is not there."""
    code = inspect.unwrap(function).__code__
    return digest(read_lines(code.co_filename), code.co_firstlineno)


def file_digest(path: str, name: str) -> str:
    """Return the digest of the function `name` (`Class.method` for a method) in a file, without importing it.

    Raises OSError if the file cannot be read, and LookupError if the function is not in it.
    """
    lines = read_lines(path)
    scope: Any = ast.parse("".join(lines))
    for part in name.split("."):
        scope = next((node for node in _definitions(scope) if node.name == part), None)
        if scope is None:
            raise LookupError(f"{name} is not in {path}")
    first_line = min([scope.lineno, *(decorator.lineno for decorator in scope.decorator_list)])
    return digest(lines, first_line)


def _definitions(scope: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the functions and classes of a scope, also those within `if` and `try`."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node
        elif isinstance(node, (ast.If, ast.Try)):
            yield from _definitions(node)
