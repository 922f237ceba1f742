"""What identity takes from Airflow: its secret key, its Fernet key, how long sessions last, its audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.configuration import conf
from airflow.models.crypto import get_fernet

# Here, although it takes a second: a fork during an import in a thread would leave its lock locked in the child.
from airflow.models.log import Log
from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.airflow_compat import line
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.identity.sessions.audit import AuditLine
from astro_runtime_plugin.identity.sessions.data import Cipher

SECRET_KEY = {"3.3": ("api", "secret_key"), "2.11": ("webserver", "secret_key")}
# How long Airflow itself lets a login last, and the seconds in the unit of the setting.
SESSION_LIFE = {
    "3.3": ("api_auth", "jwt_expiration_time", 1),
    "2.11": ("webserver", "session_lifetime_minutes", 60),
}
DEFAULT_LIFE = 24 * 60 * 60.0


def airflow_conf() -> Any:
    """Return Airflow's `conf`."""
    return conf


def secret_key() -> str:
    """Return the key that all web servers of this installation share."""
    return str(conf.get(*SECRET_KEY[line()]))


def session_seconds() -> float:
    """Return after how many seconds a new login is needed in any case."""
    section, option, unit = SESSION_LIFE[line()]
    try:
        seconds = float(conf.get(section, option)) * unit
    except ValueError:
        return DEFAULT_LIFE
    return seconds if seconds > 0 else DEFAULT_LIFE


def cipher() -> Cipher:
    """Return Airflow's Fernet. Raises AirflowException for a key that is none."""
    fernet: Cipher = get_fernet()
    return fernet


class AirflowAuditTable:
    """Airflow's table `log`."""

    def write(self, lines: Sequence[AuditLine]) -> None:
        """Write all of some lines, or none. Raises SQLAlchemyError."""
        rows = [
            {
                "dttm": line.moment,
                "event": line.event,
                "owner": line.owner,
                "owner_display_name": line.display_name,
                "extra": line.text,
            }
            for line in lines
        ]
        in_transaction(lambda connection: connection.execute(insert(Log.__table__), rows))

    def is_reachable(self) -> bool:
        """Whether the database answers."""
        try:
            in_transaction(lambda connection: connection.execute(select(1)))
        except SQLAlchemyError:
            return False
        return True
