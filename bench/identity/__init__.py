"""What roles from an identity provider cost, and how soon a role that is taken away is gone (`make bench-identity`)."""
