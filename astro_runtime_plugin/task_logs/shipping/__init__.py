"""How task logs reach the store: the spool, the process that ships, and what writers do."""
