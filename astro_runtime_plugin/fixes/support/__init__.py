"""What several fixes share, or what is large enough to stand apart from its fix."""
