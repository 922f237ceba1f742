"""The section `[astro_runtime]`: its options, links and URLs; the settings as the JSON API and the CLI list them."""
