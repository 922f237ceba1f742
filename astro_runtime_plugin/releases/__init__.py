"""The releases of the Runtime: the catalogue, the maintenance policy, and which release runs."""
