"""Identity providers, tokens and logins for tests."""
