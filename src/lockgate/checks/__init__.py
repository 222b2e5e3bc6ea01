"""Case and completion to verdict: one module for each family of checks, reached by registry name."""
