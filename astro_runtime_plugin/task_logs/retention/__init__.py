"""The deletion of old task logs."""
