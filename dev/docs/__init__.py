"""The pages of the documentation that the code prints."""
