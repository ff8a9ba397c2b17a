"""Looks that every room shares: theme, icons, fields, notes, tables."""
