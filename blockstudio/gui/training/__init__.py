"""Runs: the recipe's form, the trainer's log, curves, the list of all runs."""
