"""The pages of login, refusal and ended sessions, the same on both lines; no web framework."""
