"""The update check: a scheduler fetches the document at `[astro_runtime] update_url`, which lists releases, daily."""
