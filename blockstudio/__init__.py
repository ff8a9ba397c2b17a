"""Block Studio: draw convolutional networks, see what they cost, train them."""
