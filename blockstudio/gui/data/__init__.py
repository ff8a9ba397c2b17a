"""What the network is trained on, before it is: the page *Data*."""
