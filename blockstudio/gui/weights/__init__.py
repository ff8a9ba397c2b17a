"""*Load weights…*, starting weights and frozen blocks."""
