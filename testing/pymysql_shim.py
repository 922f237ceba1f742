"""Makes Airflow use PyMySQL instead of mysqlclient, which would have to be compiled. Import it before Airflow."""

from __future__ import annotations

import sys

import pymysql  # type: ignore[import-untyped]
from pymysql import converters

pymysql.install_as_MySQLdb()
converters.DateTime2literal = converters.escape_datetime  # the name by which Airflow imports it
sys.modules["MySQLdb.converters"] = converters
