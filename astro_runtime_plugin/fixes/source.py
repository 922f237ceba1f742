"""The source text of a function, and its digest: a fix applies only to source that it was proven against.

Where a function ends is computed here, and is the same with every Python: `inspect.getsource` relies on the tokenizer,
which differs by version.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from types import CodeType, FunctionType

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def digest(lines: Sequence[str], first: int, last: int) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a function in a file's lines.

    `first` is the line (from 1) of its `def` or first decorator, `last` that of its last statement; lines after it that
    are indented further than the `def` belong to the function. Raises IndexError if the file is shorter.
    """
    indentation, end = _indentation(lines[first - 1]), last
    for number, line in enumerate(lines[last:], last + 1):
        if line.strip() and _indentation(line) <= indentation:
            break
        end = number if line.strip() else end
    return sha256("".join(lines[first - 1 : end]).encode()).hexdigest()[:16]


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


@lru_cache(maxsize=1)  # the patches of a module are checked one after the other
def read_lines(path: str) -> list[str]:
    """Return the lines of a Python file; treat them as read-only. Callers clear the cache once a module is checked.

    Raises OSError or ValueError if it cannot be read as text.
    """
    with open(path, encoding="utf-8") as file:
        return file.readlines()


def function_digest(function: FunctionType) -> str:
    """Return the digest of a loaded function.

    Raises OSError, ValueError or IndexError if its source cannot be read, and AttributeError if it is not a function.
    """
    code = inspect.unwrap(function).__code__
    return digest(read_lines(code.co_filename), code.co_firstlineno, _last_line(code))


def _last_line(code: CodeType) -> int:
    """Return the last line that has bytecode, including nested functions."""
    inside = (_last_line(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    lines: Iterator[int] = filter(
        None, map(itemgetter(2), code.co_lines())
    )  # some bytecode belongs to no line
    return max([code.co_firstlineno, *lines, *inside])


def module_digest(path: str) -> str:
    """Return the digest of a whole file. Raises OSError or ValueError if it cannot be read as text."""
    return sha256("".join(read_lines(path)).encode()).hexdigest()[:16]


def file_digest(path: str, name: str) -> str:
    """Return the digest of the function `name` (`Class.method` for a method) in a file, without importing it.

    Raises OSError, ValueError or SyntaxError if the file cannot be read, and LookupError if the function is not in it.
    """
    return file_digests(path)[name]


def file_digests(path: str) -> dict[str, str]:
    """Return the digest of every function and class in a file, by name; if several share a name, that of the first.

    Raises OSError, ValueError or SyntaxError if the file cannot be read.
    """
    lines = read_lines(path)
    read_lines.cache_clear()
    digests: dict[str, str] = {}
    for name, node in _definitions(ast.parse("".join(lines))):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        digests.setdefault(name, digest(lines, first, node.end_lineno or first))
    return digests


def _definitions(scope: ast.AST) -> Iterator[tuple[str, Definition]]:
    """Yield the functions and classes of a scope, including those in its classes and in `if` and `try` blocks."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, Definition):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{name}", inner) for name, inner in _definitions(node))
        elif isinstance(node, (ast.If, ast.Try)):
            yield from _definitions(node)
