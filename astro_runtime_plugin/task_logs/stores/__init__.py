"""Where task logs are kept: the store, its kinds, and whether it can be used."""
