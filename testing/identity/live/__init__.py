"""A real web server of either line that logs users in at a provider, behind nginx with TLS and a path prefix."""
