"""What answers: one module for each kind, reached by registry name."""
