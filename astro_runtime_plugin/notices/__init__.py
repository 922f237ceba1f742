"""What an operator should know before it hurts: the rules, what a user has dismissed, and the scheduler's log."""
