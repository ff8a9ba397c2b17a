"""The window: what is where, and the features it is made of. Only this folder knows them all."""
