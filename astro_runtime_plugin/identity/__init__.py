"""Roles that come from the organisation's own identity provider, the same on both lines."""
