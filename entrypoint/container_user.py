"""Who the component runs as in the image: its own user, any other user of group 0, or root."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_USER_VARIABLE = "ASTRONOMER_USER"  # set in the image, and nowhere else
HOME = "/home/astro"  # of the image's own user; it is group 0's, too
UNSET_HOMES = ("", "/")  # what Docker and Kubernetes give a user whom /etc/passwd does not know
GROUPS_UMASK = 0o002
ROOT = (
    "this container runs as root; Airflow needs no root, so leave the user to the image or set one of group 0"
)


def user_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return HOME, USER and LOGNAME where the user has none, as an arbitrary UID of OpenShift has not.

    Airflow asks `getpass.getuser`, which without them fails for a user whom /etc/passwd does not know.
    """
    name = environ.get(IMAGE_USER_VARIABLE)
    if not name or _is_known(os.getuid()):
        return {}
    wanted = {"HOME": HOME, "USER": name, "LOGNAME": name}
    return {variable: text for variable, text in wanted.items() if environ.get(variable, "") in UNSET_HOMES}


def writable_cfg_path(environ: Mapping[str, str], path: str) -> dict[str, str]:
    """Return AIRFLOW_CONFIG where the image's root is read-only and `path`, airflow.cfg's, is not there.

    Airflow generates the file, with the keys that its components share, and ends where it cannot.
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
    """Return what the log should say of the user."""
    return [ROOT] if environ.get(IMAGE_USER_VARIABLE) and os.getuid() == 0 else []


def set_group_umask(environ: Mapping[str, str]) -> None:
    """Let the group write what the component writes, as in the official image: the next UID may be another."""
    if environ.get(IMAGE_USER_VARIABLE) and os.getgid() == 0:
        os.umask(GROUPS_UMASK)


def _is_known(uid: int) -> bool:
    import pwd

    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
