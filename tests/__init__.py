"""The suite. Only `tests.support` is imported by name."""
