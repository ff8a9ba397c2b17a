"""The network as a table, or the paper's own beside it."""
