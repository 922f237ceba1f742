"""Task logs that reach a store while the task runs, and are read from there."""
