"""Lessons beside the drawing."""
