"""The Runtime's own section `[astro_runtime]`, the links in it, and the settings as the JSON and the CLI list them."""
