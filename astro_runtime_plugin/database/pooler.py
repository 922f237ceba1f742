"""Connection arguments for a metadata database behind a pooler that shares connections between transactions.

Airflow 3 also connects through asyncpg, which prepares each statement under a name and remembers the name. With
PgBouncer in transaction mode, the next transaction may run on another connection, where the name is missing or belongs
to another client's statement: queries fail, or get arguments that were meant for another query. psycopg2, the other
driver, prepares nothing. PgBouncer from 1.21 on can rewrite the names (`max_prepared_statements`); an older one cannot.

`[database] sql_alchemy_connect_args_async` takes the name of `ASYNC_CONNECT_ARGS`. Airflow 2 has no such connections.
"""

from __future__ import annotations

from typing import Any

# Neither asyncpg nor SQLAlchemy's dialect for it remembers a statement beyond its transaction.
ASYNC_CONNECT_ARGS: dict[str, Any] = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
