"""The soak: hours of short tasks and random faults, and what they do to memory and connections (`make soak`)."""
