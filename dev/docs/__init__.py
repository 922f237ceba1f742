"""`make docs`: generates the reference pages from the code."""
