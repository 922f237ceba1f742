"""Checks of the identity settings: before the web server serves, and for `astro-runtime identity check`."""
