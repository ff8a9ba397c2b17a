"""Finding blocks, and going from one to the next."""
