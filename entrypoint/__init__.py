"""The start: resolves the defaults, waits for what the component needs, and becomes the component."""
