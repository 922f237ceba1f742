"""The metadata database: the Runtime's own table, a lock for replicas, and the setup that a start asks for."""
