"""What is fast, measured against something."""
