"""Whether it is safe to go on with a rolling upgrade: what runs, what is pending, and what nobody takes."""
