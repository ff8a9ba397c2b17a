"""Where blocks go when the user asks."""
