"""What is selected, with typed fields for all that can be said of it."""
