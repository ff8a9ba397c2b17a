"""Out of the window: source, programs, weights, tables."""
