"""Modules: made of a selection, taken apart, changed in all their places, kept for other diagrams."""
