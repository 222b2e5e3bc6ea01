"""Training data to an adapter that is registered as a family's next version."""
