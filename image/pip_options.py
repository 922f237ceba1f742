"""What becomes of each option of `pip install` that pip.conf or a variable sets: uv gets it, or it is refused.

Source: `pip._internal.commands.install` of pip 23 to 26.3. Names that are in no table mean nothing to pip either.
"""

from __future__ import annotations

from image.dependency_files import DependencyFileError

INDEX_URL, EXTRA_INDEX_URL = "index-url", "extra-index-url"
EXTRA_INDEXES = ("UV_EXTRA_INDEX_URL", "UV_INDEX")
REQUIRE_HASHES = "require-hashes"
# An option's other name, and the one used here.
ALIASES = {
    "pypi-url": INDEX_URL,
    "default-timeout": "timeout",
    "no-dependencies": "no-deps",
    "only-dependencies": "only-deps",
    "require-venv": "require-virtualenv",
    "config-setting": "config-settings",
    "source": "src",
    "source-dir": "src",
    "source-directory": "src",
    "log-file": "log",
    "local-log": "log",
}
# An option, the variables of uv that receive it, and what separates several values. The first variable that the
# operator has set wins.
VARIABLES = (
    (INDEX_URL, ("UV_DEFAULT_INDEX", "UV_INDEX_URL"), ""),
    (EXTRA_INDEX_URL, EXTRA_INDEXES, " "),
    ("find-links", ("UV_FIND_LINKS",), ","),
    ("trusted-host", ("UV_INSECURE_HOST",), " "),
    ("constraint", ("UV_CONSTRAINT",), " "),
    ("build-constraint", ("UV_BUILD_CONSTRAINT",), " "),
    ("pre", ("UV_PRERELEASE",), ""),
    ("cert", ("SSL_CERT_FILE",), ""),
    ("client-cert", ("SSL_CLIENT_CERT",), ""),
    ("proxy", ("ALL_PROXY", "HTTPS_PROXY", "https_proxy"), ""),
    ("timeout", ("UV_HTTP_TIMEOUT",), ""),
    ("retries", ("UV_HTTP_RETRIES",), ""),
    ("keyring-provider", ("UV_KEYRING_PROVIDER",), ""),
)
# uv gets these on its command line. pip reads `no-build-isolation` backwards: off means that there is no isolation.
SWITCHES = {"no-index": True, "no-deps": True, "no-build-isolation": False}
NAMES_OF_PACKAGES = ("no-binary", "only-binary")
CONFIG_SETTINGS = "config-settings"
USE_FEATURE, TRUSTSTORE, SYSTEM_CERTIFICATES = "use-feature", "truststore", "--system-certs"

DELETE = "delete it"
IN_LIST = "write it in requirements.txt"
ELSEWHERE = "packages go into the image's environment; delete it"
# What uv cannot do, with what to do instead.
REFUSED = {
    "prefer-binary": "use only-binary with the names of packages",
    USE_FEATURE: DELETE,
    "use-deprecated": DELETE,
    "all-releases": "use pre",
    "only-final": DELETE,
    "uploaded-prior-to": "set UV_EXCLUDE_NEWER in build.env",
    "no-require-hashes": DELETE,
    "only-deps": DELETE,
    "requirement": IN_LIST,
    "requirements-from-script": IN_LIST,
    "group": IN_LIST,
    "editable": IN_LIST,
    "dry-run": DELETE,
    "upgrade": "write the version in requirements.txt",
    "upgrade-strategy": "write the version in requirements.txt",
    "force-reinstall": DELETE,
    "ignore-installed": DELETE,
    "ignore-requires-python": DELETE,
    "check-build-dependencies": DELETE,
    "no-use-pep517": DELETE,
    "global-option": "use config-settings",
    "install-option": "use config-settings",
    "no-proxy-env": "do not set the proxy variables",
    "target": ELSEWHERE,
    "prefix": ELSEWHERE,
    "root": ELSEWHERE,
    "platform": ELSEWHERE,
    "python-version": ELSEWHERE,
    "implementation": ELSEWHERE,
    "abi": ELSEWHERE,
}
# What does not change which packages are installed: output, caches, and what is always so here.
IGNORED = set(
    "progress-bar no-color quiet verbose log debug report no-input disable-pip-version-check help version"
    " no-python-version-warning no-warn-script-location no-warn-conflicts root-user-action exists-action"
    " cache-dir no-cache-dir no-clean refresh-package resume-retries user no-user src break-system-packages"
    " use-pep517 compile no-compile isolated require-virtualenv python".split()
)

BOOLEANS = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0"), False),
}


def is_on(name: str, text: str) -> bool:
    """Whether a switch is on, as pip's `strtobool` reads it. Raises DependencyFileError for another word."""
    if text.lower() not in BOOLEANS:
        raise DependencyFileError(f"{location(name)} must be yes or no, as for pip")
    return BOOLEANS[text.lower()]


def location(name: str) -> str:
    """Return where the option may be set, for messages."""
    return f"{name} in pip.conf, or PIP_{name.replace('-', '_').upper()},"
