"""The options of requirements.txt: pip's names for them, and what becomes of each.

Source: `SUPPORTED_OPTIONS` and `SUPPORTED_OPTIONS_REQ` in pip's `pip/_internal/req/req_file.py`, up to pip 26.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cache
from optparse import Option as OptparseOption
from optparse import OptionParser, Values
from typing import NoReturn

INDEX_URL, EXTRA_INDEX_URL, NO_INDEX, FIND_LINKS = (
    "--index-url --extra-index-url --no-index --find-links".split()
)
REQUIREMENT, CONSTRAINT, EDITABLE = "--requirement", "--constraint", "--editable"
REQUIRE_HASHES, HASH, CONFIG_SETTINGS = "--require-hashes", "--hash", "--config-settings"
PRE, TRUSTED_HOST = "--pre", "--trusted-host"

# pip's names for an option, the first of which we use.
WITH_VALUE = (
    (INDEX_URL, "-i", "--pypi-url"),
    (EXTRA_INDEX_URL,),
    (FIND_LINKS, "-f"),
    (REQUIREMENT, "-r", "--requirements"),
    (CONSTRAINT, "-c", "--constraints"),
    (EDITABLE, "-e"),
    ("--no-binary",),
    ("--only-binary",),
    (TRUSTED_HOST,),
    ("--use-feature",),
    ("--all-releases",),
    ("--only-final",),
    (HASH,),
    (CONFIG_SETTINGS, "-C", "--config-setting"),
    ("--global-option",),
    ("--install-option",),
)
WITHOUT_VALUE = ((NO_INDEX,), (REQUIRE_HASHES,), (PRE,), ("--prefer-binary",))

# What uv reads in the list, as pip would; HASH follows its package.
NAMES_OF_PACKAGES = {"--no-binary", "--only-binary"}
UV_READS = {INDEX_URL, EXTRA_INDEX_URL, NO_INDEX, FIND_LINKS, REQUIREMENT, CONSTRAINT, EDITABLE}
OF_A_PACKAGE = {HASH, CONFIG_SETTINGS, "--global-option", "--install-option"}
# uv, which installs the list, cannot do what these ask for.
REFUSED = {
    "--prefer-binary": "use --only-binary with the names of packages",
    "--use-feature": "delete it",
    "--all-releases": "use --pre",
    "--only-final": "delete it",
    "--global-option": "use --config-settings",
    "--install-option": "use --config-settings",
}


class OptionError(Exception):
    """A line has an option that means nothing; `str()` names it, without its value."""


@dataclass(frozen=True)
class Option:
    """An option with its value; the value is empty if the option takes none."""

    name: str
    value: str


def split_line(text: str) -> tuple[str, str]:
    """Split a logical line as pip does: what it asks for, and its options."""
    words = text.split(" ")
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:first]).strip(), " ".join(words[first:])


def parse_options(text: str) -> list[Option]:
    """Return the options in the order of the line. Raises OptionError."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise OptionError("a quotation mark is missing") from None
    options: list[Option] = []
    _, rest = _parser().parse_args(words, Values({"options": options}))
    if rest or words[:1] == ["--"]:
        raise OptionError("only options may follow a hyphen at the start of a word")
    return options


class _Parser(OptionParser):
    def error(self, msg: str) -> NoReturn:
        raise OptionError(msg)


@cache
def _parser() -> _Parser:
    """Return a parser that appends each option to `options` of its values."""
    parser = _Parser(add_help_option=False)
    for names in WITH_VALUE + WITHOUT_VALUE:
        parser.add_option(
            *names,
            dest=names[0],
            action="callback",
            nargs=1 if names in WITH_VALUE else None,
            type="string" if names in WITH_VALUE else None,
            callback=_append,
        )
    return parser


def _append(option: OptparseOption, _name: str, value: str | None, parser: OptionParser) -> None:
    parser.values.options.append(Option(str(option.dest), (value or "").strip()))  # type: ignore[union-attr]
