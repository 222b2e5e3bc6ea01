"""Files to domain values, with every mistake at its position."""
