"""The size of the representation along the network."""
