"""What the blocks of the watched run do: on the cards, down the network, and block by block."""
