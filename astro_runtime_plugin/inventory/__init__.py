"""Which image runs where: every long-running component records its release and image tag while it runs."""
