"""Logins at a real web server of the line under test; the tests are the same on both lines."""
