"""The start: works the defaults out, waits for what the component needs, and becomes the component."""
