"""The user that the component runs as in the image: the image's user, another user of group 0, or root."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_USER_VARIABLE = "ASTRONOMER_USER"  # set only in the image
HOME = "/home/astro"  # of the image's user; group 0 may write it, too
UNSET_HOMES = ("", "/")  # the HOME that Docker and Kubernetes set for a user without an entry in /etc/passwd
GROUP_UMASK = 0o002
ROOT_WARNING = (
    "this container runs as root; Airflow does not need root: keep the image's user, or set a user of group 0"
)


def user_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return HOME, USER and LOGNAME for a user without an entry in /etc/passwd, such as OpenShift's arbitrary UID.

    Airflow calls `getpass.getuser`, which fails for such a user without these variables.
    """
    name = environ.get(IMAGE_USER_VARIABLE)
    if not name or _is_in_passwd(os.getuid()):
        return {}
    defaults = {"HOME": HOME, "USER": name, "LOGNAME": name}
    return {variable: text for variable, text in defaults.items() if environ.get(variable, "") in UNSET_HOMES}


def writable_cfg_path(environ: Mapping[str, str], path: str) -> dict[str, str]:
    """Return an AIRFLOW_CONFIG that can be written, if `path`, airflow.cfg's, is missing and its folder read-only.

    Airflow generates the file, with the keys that its components share, and exits if it cannot.
    """
    folder = os.path.dirname(path)
    is_read_only = os.path.isdir(folder) and not os.access(folder, os.W_OK)
    if not environ.get(IMAGE_USER_VARIABLE) or os.path.exists(path) or not is_read_only:
        return {}
    for home in (environ.get("HOME", HOME), HOME):
        if os.access(home, os.W_OK):
            return {"AIRFLOW_CONFIG": f"{home}/airflow.cfg"}
    return {}


def warnings(environ: Mapping[str, str]) -> list[str]:
    """Return the warnings about the user that belong in the log."""
    return [ROOT_WARNING] if environ.get(IMAGE_USER_VARIABLE) and os.getuid() == 0 else []


def set_group_umask(environ: Mapping[str, str]) -> None:
    """Make what the component writes group-writable, like the official image: the next UID may differ."""
    if environ.get(IMAGE_USER_VARIABLE) and os.getgid() == 0:
        os.umask(GROUP_UMASK)


def _is_in_passwd(uid: int) -> bool:
    import pwd

    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
