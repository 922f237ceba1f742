"""Task logs as readers see them: from the store and from this machine."""
