"""Recipes, data, augmentation, the training loop, checkpoints."""
