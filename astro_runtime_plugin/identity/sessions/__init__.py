"""Who is logged in: login, sessions, their renewal, Bearer and proxy tokens, audit; without a web framework."""
