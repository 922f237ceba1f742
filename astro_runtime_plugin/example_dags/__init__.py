"""Example DAGs to read and run, available if `[astro_runtime] load_examples` is True."""
