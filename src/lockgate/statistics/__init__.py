"""What samples say of the truth: limits and p-values of every kind of metric, held to scipy by tests."""
