"""`make docs`: the reference pages that the code prints."""
