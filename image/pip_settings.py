"""What pip is configured to do, by variables and pip.conf, in the words of uv."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

from image.dependency_files import DependencyFileError, raise_problems
from image.passwords import MASK, mask
from image.pip_options import (
    ALIASES,
    BOOLEANS,
    CONFIG_SETTINGS,
    EXTRA_INDEX_URL,
    EXTRA_INDEXES,
    INDEX_URL,
    NAMES_OF_PACKAGES,
    REFUSED,
    REQUIRE_HASHES,
    SWITCHES,
    SYSTEM_CERTIFICATES,
    TRUSTSTORE,
    USE_FEATURE,
    VARIABLES,
    is_on,
    location,
)

# pip's sections for `pip install`, the last of which wins: "global.index-url='https://...'".
SECTIONS = ("global", "install", ":env:")
# pip's configuration itself may silence its output. `-I`: what lies in the working folder is not pip.
COMMAND = [sys.executable, "-I", "-m", "pip", "config", "list"]
OUTPUT = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "0", "PIP_VERBOSE": "0"}
# A line of pip.conf in pip's error: "'password = x\n'", "\t[line  2]: 'password\n'".
QUOTED_LINE = re.compile(r"^(\s*\[line +\d+\]: )?(['\"]).*\2$", re.MULTILINE)
# pip takes the best version of all indexes. uv's own default stops at the first index that has the package.
STRATEGY, AS_PIP, AS_UV = "UV_INDEX_STRATEGY", "unsafe-best-match", "first-index"


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that `pip install` would use, by pip itself, without empty ones.

    Raises DependencyFileError if pip cannot read its configuration.
    """
    process = subprocess.run(
        COMMAND,
        env={**environ, **OUTPUT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if process.returncode:
        explanation = mask(QUOTED_LINE.sub(rf"\1{MASK}", process.stderr.strip()))
        raise DependencyFileError(f"pip.conf: pip cannot read its configuration:\n{explanation}")
    sections: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for key, _, quoted in (line.partition("=") for line in process.stdout.splitlines()):
        section, _, name = key.partition(".")
        if section in sections and (value := str(ast.literal_eval(quoted)).strip()):
            sections[section][ALIASES.get(name, name)] = value
    return {name: value for section in SECTIONS for name, value in sections[section].items()}


def check_settings(settings: Mapping[str, str]) -> None:
    """Raise DependencyFileError for each setting that would change the installation and that uv cannot honour."""
    raise_problems(
        [
            f"{location(name)} cannot be honoured here; {remedy}"
            for name, remedy in REFUSED.items()
            if _is_set(settings.get(name, "")) and not (name == USE_FEATURE and settings[name] == TRUSTSTORE)
        ]
    )


def requires_hashes(settings: Mapping[str, str]) -> bool:
    """Whether every package needs a hash. uv cannot be asked, because the image's own requirements have none."""
    return REQUIRE_HASHES in settings and is_on(REQUIRE_HASHES, settings[REQUIRE_HASHES])


def uv_options(settings: Mapping[str, str]) -> list[str]:
    """Return the options of uv for what it reads from no variable. Raises DependencyFileError."""
    return [*_switches(settings), *_options_with_value(settings)]


def uv_environ(
    settings: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    has_index_url: bool,
    has_extra_index_url: bool,
) -> dict[str, str]:
    """Return the environment for uv that makes it search where pip would. Variables of uv itself win.

    `has_index_url`: the list has an --index-url, which as with pip replaces the configured indexes.
    `has_extra_index_url`: it has an --extra-index-url. Raises DependencyFileError.
    """
    result = dict(environ)
    replaced = {INDEX_URL, EXTRA_INDEX_URL} if has_index_url else set()
    for name, variables, separator in VARIABLES:
        value = settings.get(name, "")
        if not value or name in replaced or any(environ.get(item) for item in variables):
            continue
        result[variables[0]] = separator.join(value.split()) if separator else _for_uv(name, value)
    # With one index both are the same, but only uv's own reports a login that the index refuses.
    if has_extra_index_url or any(result.get(name) for name in EXTRA_INDEXES):
        result[STRATEGY] = result.get(STRATEGY) or AS_PIP
    return result


def _switches(settings: Mapping[str, str]) -> Iterator[str]:
    for name, meaning in SWITCHES.items():
        if name in settings and is_on(name, settings[name]) == meaning:
            yield f"--{name}"
    if settings.get(USE_FEATURE) == TRUSTSTORE:
        yield SYSTEM_CERTIFICATES


def _options_with_value(settings: Mapping[str, str]) -> Iterator[str]:
    for name in NAMES_OF_PACKAGES:
        packages = (package.strip() for package in settings.get(name, "").split(","))
        yield from (f"--{name}={package}" for package in packages if package)
    if CONFIG_SETTINGS in settings:
        yield f"--{CONFIG_SETTINGS}={settings[CONFIG_SETTINGS]}"


def _is_set(value: str) -> bool:
    """Whether the value is more than the word with which a switch is off."""
    return bool(value) and BOOLEANS.get(value.lower(), True)


def _for_uv(name: str, value: str) -> str:
    """Return the value in uv's words."""
    if name == "pre":
        return "allow" if is_on(name, value) else "if-necessary-or-explicit"
    if name == "keyring-provider":
        return "subprocess" if value in ("subprocess", "auto", "import") else "disabled"
    return value
