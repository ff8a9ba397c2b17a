"""The sheet of shortcuts, and keys of one's own."""
