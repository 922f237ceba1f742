"""Examples to read and to run; shown where `[astro_runtime] load_examples` is True."""
