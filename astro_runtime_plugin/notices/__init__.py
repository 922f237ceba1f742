"""The notices to operators: the rules that make them, the dismissals, and the scheduler's log."""
