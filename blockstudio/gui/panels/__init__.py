"""The palette of block types and the list of problems."""
