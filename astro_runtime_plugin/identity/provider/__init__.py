"""The organisation's identity provider: discovery, keys, and the requests of logins, by OpenID Connect."""
