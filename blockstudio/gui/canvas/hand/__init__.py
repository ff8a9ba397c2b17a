"""What mouse and keys do: a class a gesture, dropping, the menu."""
