"""Which route each role may use, asked of the web applications of both lines: with stock FAB, and with the Runtime."""
