"""In: networks of libraries and of other programs' files."""
