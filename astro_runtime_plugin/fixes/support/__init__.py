"""What several fixes share, and parts of one fix that are large enough to stand on their own."""
