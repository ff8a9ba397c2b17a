"""The steps that were done, as a list."""
