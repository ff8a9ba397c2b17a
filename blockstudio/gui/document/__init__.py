"""State: the open documents, the session on one, its clipboard, recovery and fixes. No widgets."""
