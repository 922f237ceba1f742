"""Lets Airflow take PyMySQL for mysqlclient, which would have to be compiled; it is imported before Airflow."""

from __future__ import annotations

import sys

import pymysql  # type: ignore[import-untyped]
from pymysql import converters

pymysql.install_as_MySQLdb()
converters.DateTime2literal = converters.escape_datetime  # Airflow's name for it, at its start
sys.modules["MySQLdb.converters"] = converters
