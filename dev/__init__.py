"""What `make` runs; no part of the package."""
