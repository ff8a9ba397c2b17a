"""How it is painted: cards, frames, wires, notes, from near and far, on screen and on paper."""
