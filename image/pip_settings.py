"""What pip is configured to do, by variables and pip.conf, for uv: indexes, certificates and how to reach them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping

# pip's sections for `pip install`, the last of which wins: "global.index-url='https://...'".
SECTIONS = ("global", "install", ":env:")
EXTRA_INDEXES = ("UV_EXTRA_INDEX_URL", "UV_INDEX")
# A setting of pip, the variable of uv that receives it, and what separates several values. The first variable of uv
# that the operator has set wins.
FORWARDED = (
    ("index-url", ("UV_DEFAULT_INDEX", "UV_INDEX_URL"), ""),
    ("extra-index-url", EXTRA_INDEXES, " "),
    ("find-links", ("UV_FIND_LINKS",), ","),
    ("trusted-host", ("UV_INSECURE_HOST",), " "),
    ("constraint", ("UV_CONSTRAINT",), " "),
    ("pre", ("UV_PRERELEASE",), ""),
    ("cert", ("SSL_CERT_FILE",), ""),
    ("client-cert", ("SSL_CLIENT_CERT",), ""),
    ("proxy", ("ALL_PROXY", "HTTPS_PROXY", "https_proxy"), ""),
    ("timeout", ("UV_HTTP_TIMEOUT",), ""),
    ("default-timeout", ("UV_HTTP_TIMEOUT",), ""),
    ("retries", ("UV_HTTP_RETRIES",), ""),
    ("keyring-provider", ("UV_KEYRING_PROVIDER",), ""),
)
SEARCHED = {"index-url", "extra-index-url"}
# pip takes the best version of all indexes. uv's own default stops at the first index that has the package.
STRATEGY, AS_PIP, AS_UV = "UV_INDEX_STRATEGY", "unsafe-best-match", "first-index"


def uv_options(settings: Mapping[str, str]) -> list[str]:
    """Return the options of uv for what it reads from no variable."""
    return ["--no-index"] if _is_on(settings.get("no-index", "")) else []


def uv_environ(
    settings: Mapping[str, str], environ: Mapping[str, str], *, own_index: bool, extra_index: bool
) -> dict[str, str]:
    """Return the environment for uv that makes it search where pip would. Variables of uv itself win.

    `own_index`: the list has an --index-url, which as with pip replaces the configured indexes. `extra_index`: it has
    an --extra-index-url.
    """
    result = dict(environ)
    for name, variables, separator in FORWARDED:
        value = settings.get(name, "")
        if not value or (own_index and name in SEARCHED) or any(environ.get(item) for item in variables):
            continue
        result[variables[0]] = separator.join(value.split()) if separator else _for_uv(name, value)
    # With one index both are the same, but only uv's own reports a login that the index refuses.
    if extra_index or any(result.get(name) for name in EXTRA_INDEXES):
        result[STRATEGY] = result.get(STRATEGY) or AS_PIP
    return result


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that `pip install` would use, by pip itself."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env={**environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for key, _, quoted in (line.partition("=") for line in done.stdout.splitlines()):
        section, _, name = key.partition(".")
        if section in found and quoted:
            found[section][name] = str(ast.literal_eval(quoted))
    return {name: value for section in SECTIONS for name, value in found[section].items()}


def _is_on(value: str) -> bool:
    return value.lower() in ("1", "true", "yes", "on", "y", "t")


def _for_uv(name: str, value: str) -> str:
    """Return the value in uv's words."""
    if name == "pre":
        return "allow" if _is_on(value) else "if-necessary-or-explicit"
    if name == "keyring-provider":
        return "subprocess" if value in ("subprocess", "auto", "import") else "disabled"
    return value.strip()
