"""The run directory: protocol, supervisor, log reader. No torch, no Qt."""
