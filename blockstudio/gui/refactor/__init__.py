"""Other ways to write a part of the network, with what each saves, and hints where one would help."""
