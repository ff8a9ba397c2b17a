"""Two drawings side by side with their differences marked."""
