"""How the Runtime scales with the number of workers and components (`make bench-scale`)."""
