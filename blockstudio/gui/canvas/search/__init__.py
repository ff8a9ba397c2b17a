"""The search that opens on the drawing: a line to type in, and what was found."""
